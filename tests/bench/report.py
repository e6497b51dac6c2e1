# SPDX-License-Identifier: Apache-2.0
"""The rows' medians as the Markdown tables of docs/performance.md."""
import os
import platform
import statistics

import inputs

# case -> at least this many times less CPU than BuildKit
TARGETS = {"copy20k-cold": 5, "copy20k-noop": 12, "copy20k-one": 8, "run20": 8, "label": 30}
# Who is compared with whom: the pairs do the same work with a layer's bytes.
PAIRS = (("croze", "docker-containerd"), ("croze-none", "docker-classic"), ("croze", "buildah"))
TARGET_PEERS = ("docker-containerd", "docker-classic")
PEAK_MIB = 64 + 100 * inputs.ENTRIES / (1 << 20)


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}"


class Medians:
    """Rows by (case, tool), failed ones left out."""

    def __init__(self, rows):
        self.rows = {}
        for row in rows:
            if row["status"] == 0:
                self.rows.setdefault((row["case"], row["tool"]), []).append(row)

    def values(self, case, tool, key):
        return [row[key] for row in self.rows.get((case, tool), [])]

    def median(self, case, tool, key):
        values = self.values(case, tool, key)
        return statistics.median(values) if values else None


def cost_table(medians):
    yield "| case | tool | runs | CPU s (min-max) | wall s | peak MiB |"
    yield "|---|---|---|---|---|---|"
    for case, tool in medians.rows:
        cpu = medians.values(case, tool, "cpu_s")
        yield (f"| {case} | {tool} | {len(cpu)} | **{statistics.median(cpu):.3f}** ({min(cpu):.3f}-{max(cpu):.3f}) "
               f"| {medians.median(case, tool, 'wall_s'):.3f} | {medians.median(case, tool, 'peak_mib'):.0f} |")


def verdicts(medians):
    """(case, croze, peer, how many times less CPU, target or None) for each pair that was measured."""
    for case in dict.fromkeys(case for case, _ in medians.rows):
        for croze, peer in PAIRS:
            ours, theirs = medians.median(case, croze, "cpu_s"), medians.median(case, peer, "cpu_s")
            if ours and theirs:
                yield case, croze, peer, theirs / ours, TARGETS.get(case) if peer in TARGET_PEERS else None


def ratio_table(medians):
    pairs = list(verdicts(medians))
    if pairs:
        yield "| case | croze | beside | less CPU | target |"
        yield "|---|---|---|---|---|"
    for case, croze, peer, ratio, target in pairs:
        verdict = f"{target}x: {'met' if ratio >= target else '**missed**'}" if target else "-"
        yield f"| {case} | {croze} | {peer} | {ratio:.1f}x | {verdict} |"


def peak_line(medians):
    peaks = [peak for case, tool in medians.rows if tool.startswith("croze")
             for peak in medians.values(case, tool, "peak_mib")]
    if peaks:
        verdict = "met" if max(peaks) <= PEAK_MIB else "**missed**"
        yield f"croze's highest peak: {max(peaks):.0f} MiB; allowed {PEAK_MIB:.0f} MiB: {verdict}."


def markdown(rows, versions, absent):
    medians = Medians(rows)
    lines = [f"{machine()}. {'; '.join(versions)}.",
             "Medians. CPU s: client, daemon and all that they start. Peak: the client's largest process (not "
             "below this script's own 15 MiB or so) plus the daemon."]
    lines += [f"**Not measured**: {reason.splitlines()[0]}" for reason in absent]
    parts = [list(part(medians)) for part in (cost_table, ratio_table, peak_line)]
    return "\n\n".join("\n".join(part) for part in [lines, *parts] if part) + "\n"


def missed(rows):
    return "**missed**" in markdown(rows, [], [])
