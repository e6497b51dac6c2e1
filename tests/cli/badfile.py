# SPDX-License-Identifier: Apache-2.0
"""Dockerfiles that are wrong, or too much, in one way each, on standard output: badfile.py KIND. Those of a few lines stand in the test itself."""
import json
import random
import sys

FROM = "FROM scratch\n"
LONG = "x" * 10000000
VALUE = "ARG a=" + "x" * 900000 + "\n"  # a value near the limit of a word
NAMES = " ".join("n%d=x" % i for i in range(2000))


def line(instruction):
    return FROM + instruction + "\n"


def doubling(op):
    """a0 has 16 bytes, each of the others twice as many as the one before."""
    return op + " a0=" + "x" * 16 + "\n" + "".join("%s a%d=$a%d$a%d\n" % (op, i + 1, i, i) for i in range(64))


def stages(n, body="", last=""):
    return "".join("FROM scratch AS s%d\n" % i + body.replace("#", str(i)) for i in range(n)) + last


KINDS = {
    # a line of 10 MB
    "line-from": lambda: "FROM " + LONG + "\n",
    "line-stage": lambda: "FROM scratch AS " + LONG + "\nLABEL a=b\n",
    "line-keyword": lambda: line(LONG),
    "line-flag": lambda: line("COPY --" + LONG + " a b"),
    "line-source": lambda: line("COPY --from=" + LONG + " a b"),
    "line-platform": lambda: "FROM --platform=" + LONG + " scratch\n",
    "line-chmod": lambda: line("COPY --chmod=" + LONG + " Dockerfile b"),
    "line-chown": lambda: line("COPY --chown=" + LONG + " Dockerfile b"),
    "line-exclude": lambda: line("COPY --exclude=" + "**/*" * 2500000 + " Dockerfile b"),
    "line-mount": lambda: line("RUN --mount=type=cache,target=/" + LONG + " x"),
    "line-mount-key": lambda: line("RUN --mount=" + LONG + " x"),
    "line-network": lambda: line("RUN --network=" + LONG + " x"),
    "line-run": lambda: line("RUN " + LONG),
    "line-cmd": lambda: line("CMD " + LONG),
    "line-exec": lambda: line("ENTRYPOINT " + json.dumps(["x", LONG])),
    "line-brackets": lambda: line("CMD " + "[" * 10000000),
    "line-env": lambda: line("ENV a=" + LONG),
    "line-env-quoted": lambda: line('ENV a="' + LONG + '"'),
    "line-label": lambda: line("LABEL a=" + "\\x" * 5000000),
    "line-label-name": lambda: line("LABEL a=b " + LONG + "=c"),
    "line-arg": lambda: "ARG a=" + LONG + "\n" + FROM,
    "line-copy": lambda: line("COPY a " + LONG + " /"),
    "line-copy-to": lambda: line("COPY a /" + "../" * 3000000),
    "line-add": lambda: line("ADD http://127.0.0.1:1/" + LONG + " /"),
    "line-user": lambda: line("USER " + LONG),
    "line-workdir": lambda: line("WORKDIR /" + LONG),
    "line-volume": lambda: line("VOLUME /a " + LONG),
    "line-expose": lambda: line("EXPOSE 1 " + "1" * 10000000),
    "line-signal": lambda: line("STOPSIGNAL " + LONG),
    "line-health": lambda: line("HEALTHCHECK --interval=" + "9" * 10000000 + " CMD x"),
    "line-onbuild": lambda: line("ONBUILD RUN " + LONG),
    "line-author": lambda: line("MAINTAINER " + LONG),
    "line-escape": lambda: "# escape=" + LONG + "\n" + FROM,
    "line-comment": lambda: "# " + LONG + "\n" + FROM + "LABEL a=b \\\n# " + LONG[:5000000] + "\n c=d\n",
    "line-continued": lambda: FROM + "LABEL a=b " + "\\\n" * 5000000 + "c=d\n",
    "line-dollars": lambda: line("LABEL a=" + "$" * 10000000),
    "line-shell": lambda: FROM.replace("scratch", "base") + "RUN : " + LONG[:1000000] + "\n",
    # here-documents
    "heredoc-long": lambda: line("RUN <<E\n" + LONG),
    "heredoc-many": lambda: line("RUN " + " ".join("<<E%d" % i for i in range(100000))),
    "heredoc-after-many": lambda: FROM + "RUN <<E\nE\n" * 30000 + "RUN <<E\n",
    "heredoc-name": lambda: line("COPY <<" + "E" * 100000 + " /x\n" + "E" * 100000),
    "heredoc-value": lambda: FROM + VALUE + "COPY <<E /x\n\n" + "$a" * 100 + "\nE\n",
    "heredoc-files": lambda: FROM + "COPY " + " ".join("<<E%d" % i for i in range(2000)) + " /d/\n" + "".join("x\nE%d\n" % i for i in range(2000)),
    # counts
    "instructions": lambda: FROM + "LABEL a=b\n" * 99999,
    "instructions-short": lambda: "ARG a=b\n" * 99999 + FROM,
    "instructions-more": lambda: FROM + "LABEL a=b\n" * 100000,
    "bytes-more": lambda: FROM + "#" * (16 << 20),
    "words-more": lambda: line("COPY " + "a " * 1000001 + "/"),
    "names-env": lambda: line("ENV " + " ".join("n%d=x" % i for i in range(300000))),
    "names-label": lambda: line("LABEL " + " ".join("n%d=x" % i for i in range(300000))),
    "names-arg": lambda: line("ARG " + " ".join("n%d=x" % i for i in range(300000))),
    "names-global": lambda: "ARG " + " ".join("n%d=x" % i for i in range(300000)) + "\n" + FROM,
    "names-again": lambda: line("ENV " + NAMES + "\nENV " + " ".join("n%d=x" % (i % 2000) for i in range(150000))),
    "names-used": lambda: line("ENV " + NAMES + "\nLABEL a=" + "$n2000" * 200000),
    "names-unset": lambda: line("ENV " + NAMES + "".join("\nLABEL a=" + "".join("$m%d" % (16 * i + j) for j in range(16)) for i in range(10000))),
    "excludes": lambda: line("COPY " + "--exclude=a " * 100000 + "Dockerfile /d/"),
    "mounts": lambda: line("RUN " + "--mount=type=tmpfs,target=/a " * 100000 + "x"),
    "mount-fields": lambda: line("RUN --mount=type=nope," + "ro," * 1000000 + "target=/x x"),
    "volumes": lambda: line("VOLUME " + " ".join("/v%d" % i for i in range(300000))),
    "ports-line": lambda: line("EXPOSE " + "1-65535 " * 1000),
    "ports-lines": lambda: FROM + "EXPOSE 1-65535\n" * 1000,
    "chmod-clauses": lambda: line("COPY --chmod=" + "u+rwx," * 100000 + "g=u Dockerfile b"),
    # stages
    "stages": lambda: stages(10000, "LABEL a=#\n"),
    "stages-more": lambda: stages(10001),
    "stages-of-stages": lambda: "FROM scratch AS s0\n" + "".join("FROM s%d AS s%d\n" % (i, i + 1) for i in range(9999)),
    "stages-copied": lambda: "FROM scratch AS s0\n" + "".join("FROM scratch AS s%d\nCOPY --from=s%d / /\n" % (i + 1, i) for i in range(9999)),
    "stages-missing": lambda: stages(9999, "COPY --from=z# / /\n", "FROM scratch\nCOPY --from=z / /\n"),
    "stages-by-arg": lambda: "FROM scratch AS q\nARG " + NAMES + " b=q\n" + "".join("FROM q AS s%d\nCOPY --from=$b / /\n" % i for i in range(2000)),
    # triggers
    "triggers": lambda: FROM + "ONBUILD LABEL a=b\n" * 10000,
    "triggers-of-many": lambda: ("FROM scratch AS s\n" + "ONBUILD LABEL a=b\n" * 2000 + "".join("FROM s AS s%d\n" % i for i in range(9000))
                                 + "FROM scratch\n" + "".join("COPY --from=s%d / /\n" % i for i in range(9000))),
    "trigger-deep": lambda: line("ONBUILD " * 1000000 + "RUN x"),
    # bombs
    "bomb-arg": lambda: FROM + doubling("ARG"),
    "bomb-env": lambda: FROM + doubling("ENV"),
    "bomb-label": lambda: FROM + doubling("ARG").replace("ARG a17", "LABEL a17", 1),
    "bomb-global": lambda: doubling("ARG") + FROM,
    "bomb-global-from": lambda: doubling("ARG") + "FROM $a64\n",
    "bomb-line": lambda: line("ARG a0=" + "x" * 16 + "".join(" a%d=$a%d$a%d" % (i + 1, i, i) for i in range(64))),
    "bomb-itself": lambda: line("ENV a=" + "x" * 16 + "\nENV a=$a$a" * 64),
    "bomb-from": lambda: VALUE + "FROM $a\n",
    "bomb-from-many": lambda: VALUE + "FROM scratch${b:+$a}\n" * 10000,
    "bomb-source": lambda: FROM + VALUE + "COPY --from=$a / /\n",
    "bomb-source-doubled": lambda: FROM + doubling("ARG") + "COPY --from=$a64 / /\n",
    "bomb-mount": lambda: FROM + VALUE + "RUN --mount=type=cache,target=/$a x\n",
    "bomb-mount-from": lambda: FROM + VALUE + "RUN --mount=from=$a,target=/x x\n",
    "bomb-mount-ids": lambda: FROM + VALUE + "RUN " + "--mount=type=cache,target=/x,id=$a " * 1000 + "x\n",
    "bomb-mount-id": lambda: FROM + VALUE + "RUN --mount=type=cache,target=/x," + "id=$a," * 2000 + "ro x\n",
    "bomb-operands": lambda: FROM + VALUE + "COPY " + "$a " * 2000 + "/\n",
    "bomb-history": lambda: FROM + VALUE + "LABEL a=$a\n" * 2000,
    "bomb-run": lambda: FROM + VALUE + "RUN x\n" * 1000,
    "bomb-shell": lambda: FROM + "SHELL " + json.dumps(["x" * 1000000]) + "\n" + "RUN a\n" * 90000,
    "bomb-nested": lambda: line("LABEL a=" + "${a:-" * 10000 + "x" + "}" * 10000),
    "bomb-nested-quoted": lambda: line("LABEL a=" + '"${a:-' * 10000 + "x" + '}"' * 10000),
    "bomb-nested-open": lambda: line("LABEL a=" + "${a/" * 3000000),
    "bomb-nothing": lambda: FROM + VALUE + ("LABEL b=" + "${e:+$a}" * 100 + "\n") * 2000,
    "bomb-pattern": lambda: FROM + VALUE + "LABEL b=${a//" + "*a" * 1000 + "b/x}\n",
    "bomb-pattern-replaced": lambda: FROM + VALUE + "LABEL b=${a///" + "y" * 1000 + "}\n",
    "bomb-patterns": lambda: FROM + "ARG a=" + "a" * 10000 + "\n" + ("LABEL b=${a//" + "*a" * 300 + "b/x}\n") * 500,
    "bomb-unset": lambda: line("ENV a=${b:?" + "x" * 1000000 + "}"),
    "bomb-comment": lambda: FROM + "# check=skip=" + "a," * 1000000 + "\nLABEL " + " ".join("a%d=$q%d" % (i, i) for i in range(900)) + "\n",
    # not text
    "zeros": lambda: b"\0" * 1000000,
    "noise": lambda: random.Random(5).randbytes(1000000),
    "newlines": lambda: "\n" * 16000000,
    "comments": lambda: "# a\n" * 100000,
    # JSON
    "json-deep": lambda: line("CMD " + "[" * 100000 + "]" * 100000),
    "json-object": lambda: line("CMD [" + '{"a":' * 100000 + "1" + "}" * 100000 + "]"),
    "json-words": lambda: line("CMD " + json.dumps(["x"] * 1100000)),
    "json-large": lambda: line("CMD " + json.dumps(["x" * 10] * 500000)),
    "json-copy": lambda: line("COPY " + json.dumps(["x"] * 300000)),
}

if __name__ == "__main__":
    text = KINDS[sys.argv[1]]()
    sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode())
