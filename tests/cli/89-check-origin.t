#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --image --origin: of which files' bytes anything proves where they come from.
#   * dpkg (a package of this machine among them), apk, rpm: twins, one with a file of a package changed; conffiles, diversions, /usr merged,
#     hard links, later layers, copies
#   * signatures that were not checked: by a flag, by a configuration of an earlier step, packages of rpm's that have none
#   * downloads that their step checks, and all ways in which that does not count; digests that are named
#   * a git work tree: what is committed and lies there so; nothing of the repository is run
#   * --base, --min-origin, formats; databases and archives that lie
. "$(dirname "$0")/lib.sh"

import_base
pkg() { py "$here/origin.py" "$@"; }
# what IMAGE [OPTIONS]: the classes with their numbers of files, and the paths that nothing proves
what() { croze check --image --origin --format json "$@" | pkg classes; }
found() { croze check --image --origin --format json "$1" | grep -c "^{\"id\":\"$2\","; }
# made NAME < Dockerfile: an image of the context $T/c
made() { cat >"$T/c/Dockerfile" && croze build -q -t "$1" "$T/c" >/dev/null; }
# tree NAME: an image of $T/tree alone
tree() {
    rm -rf "$T/c" && mkdir "$T/c" && cp -a "$T/tree" "$T/c/tree"
    printf 'FROM scratch\nCOPY tree/ /\n' | made "$1"
}
# fresh FILE...: $T/tree has these, each with its name as text
fresh() {
    rm -rf "$T/tree" && mkdir "$T/tree"
    for file in "$@"; do
        mkdir -p "$T/tree/$(dirname "$file")" && echo "$file" >"$T/tree/$file"
    done
}

# --- dpkg ---

fresh usr/bin/tool usr/lib/tool.so etc/tool.conf usr/bin/sh.distrib usr/bin/sh
head -c 1000000 /dev/zero >>"$T/tree/usr/lib/tool.so" # so that the lists are a thousandth of it
ln -s usr/lib "$T/tree/lib"
pkg dpkg "$T/tree" tool usr/bin/tool lib/tool.so=usr/lib/tool.so etc/tool.conf
pkg dpkg "$T/tree" shell usr/bin/sh=usr/bin/sh.distrib
pkg dpkg "$T/tree" other usr/bin/sh
printf '/usr/bin/sh\n/usr/bin/sh.distrib\nother\n' >"$T/tree/var/lib/dpkg/diversions"
tree good
is "dpkg: files, conffiles, a link to /usr, a diversion" "$(what good)" 'package 5; generated 5'
is "... nothing is found" "$(croze check --image --origin --format json good | grep -c '^{"id"')" 0
exits 0 "... and the exit code is 0" croze check --image --origin good
echo changed >>"$T/tree/usr/bin/tool"
tree bad
is "ImagePackageFileChanged: one file is changed" "$(found bad ImagePackageFileChanged) $(found good ImagePackageFileChanged)" "1 0"
is "... it is not proven" "$(what bad)" 'package 4; generated 5; unproven 1; /usr/bin/tool'
like "... and told of, with the package and the step" "$(croze check --image --origin bad)" '^bad: /usr/bin/tool: warning: .*tool.*ImagePackageFileChanged'
exits 0 "... which is no failure" croze check --image --origin bad
fresh usr/bin/tool etc/tool.conf
pkg dpkg "$T/tree" tool usr/bin/tool etc/tool.conf
echo mine >"$T/tree/etc/tool.conf"
tree conf
is "a conffile may be changed; it is not proven then" "$(found conf ImagePackageFileChanged) $(what conf)" "0 package 1; generated 2; unproven 1; /etc/tool.conf"
is "ImageOriginUnproven: found once where something is unproven" "$(found conf ImageOriginUnproven) $(found good ImageOriginUnproven)" "1 0"

fresh var/lib/dpkg/info/tool.postinst var/lib/dpkg/info/miner var/lib/dpkg/info/tool.list etc/environment
chmod 755 "$T/tree/var/lib/dpkg/info/tool.postinst" "$T/tree/var/lib/dpkg/info/miner" "$T/tree/etc/environment"
tree programs
is "what may be executed is not generated, but for scripts of packages" "$(what programs)" \
    'generated 2; unproven 2; /etc/environment; /var/lib/dpkg/info/miner'

fresh srv/empty
: >"$T/tree/srv/empty"
pkg own "$T/tree" busybox-static
tree busybox
is "a package of this machine, unchanged" "$(what busybox | sed 's/ [0-9]*//g')" 'package;generated'
printf x >>"$(find "$T/tree" -name busybox -type f | head -1)"
tree busybox
is "... and changed" "$(found busybox ImagePackageFileChanged)" 1

# --- layers ---

fresh usr/bin/tool usr/bin/gone
pkg dpkg "$T/tree" tool usr/bin/tool usr/bin/gone
rm -rf "$T/c" && mkdir "$T/c" && cp -a "$T/tree" "$T/c/tree"
printf 'FROM base\nCOPY tree/ /\nRUN rm /usr/bin/gone && chmod 700 /usr/bin/tool && cp /usr/bin/tool /opt/copy && ln /opt/copy /opt/again && echo x >/opt/new\n' | made layers
like "deleted files do not count; copies do, links once" "$(what --base base layers)" '^package 2; base [0-9]+; generated [0-9]+; unproven 1; /opt/new$'
printf 'FROM base\nCOPY tree/ /\nRUN echo evil >/usr/bin/tool\n' | made layers
is "what a later step changes" "$(croze check --image --origin --base base --format json layers | sed -n 's/.*"path":"\([^"]*\)".*"step":"\(RUN[^"]*\)".*afterwards.*/\1 \2/p')" \
    '/usr/bin/tool RUN echo evil >/usr/bin/tool'
like "... the rest has the step, too" "$(croze check --image --origin --base base layers)" '^/usr/bin/tool  *5B  *RUN echo evil'
refuses 2 'does not stand on it' "a base that is none" croze check --image --origin --base good layers

# --- apk, rpm ---

fresh usr/bin/tool lib/x.so etc/tool.conf
pkg apk "$T/tree" tool usr/bin/tool lib/x.so etc/tool.conf
tree apk
is "apk: as installed" "$(what apk)" 'package 3; generated 1'
echo x >>"$T/tree/lib/x.so" && echo x >>"$T/tree/etc/tool.conf"
tree apk
is "... and changed" "$(found apk ImagePackageFileChanged) $(what apk)" "1 package 1; generated 1; unproven 2; /etc/tool.conf; /lib/x.so"

fresh usr/bin/tool etc/tool.conf usr/bin/own
pkg rpm "$T/tree" tool signed usr/bin/tool etc/tool.conf
pkg rpm "$T/tree" own unsigned usr/bin/own
tree rpm
is "rpm: a package that has a signature, and one that has none" "$(what rpm)" 'package 2; package, unverified 1; generated 1'
echo x >>"$T/tree/usr/bin/tool" && echo x >>"$T/tree/etc/tool.conf"
tree rpm
is "... and changed" "$(found rpm ImagePackageFileChanged) $(what rpm)" "1 package, unverified 1; generated 1; unproven 2; /etc/tool.conf; /usr/bin/tool"
fresh var/lib/rpm/Packages usr/bin/x
tree rpm
like "a database that is not read is named" "$(croze check --image --origin rpm)" '^/var/lib/rpm/Packages is a database .* not read'
is "... and proves nothing" "$(what rpm)" 'generated 1; unproven 1; /usr/bin/x'

if command -v rpmbuild >/dev/null; then
    mkdir "$T/rpm" "$T/rpmroot"
    printf '%s\n' 'Name: tool' 'Version: 1' 'Release: 1' 'Summary: x' 'License: x' 'BuildArch: noarch' '%description' x '%install' \
        'mkdir -p %{buildroot}/usr/bin' 'echo tool >%{buildroot}/usr/bin/tool' '%files' /usr/bin/tool >"$T/rpm/tool.spec"
    rpmbuild --quiet --define "_topdir $T/rpm" --define "_tmppath $T/rpm" --define "_build_id_links none" -bb "$T/rpm/tool.spec" >/dev/null 2>"$T/rpm/log"
    db="--root $T/rpmroot --dbpath /var/lib/rpm"
    unpacked=no
    # shellcheck disable=SC2086 # options
    if [ "$(id -u)" -eq 0 ]; then
        rpm $db --initdb 2>/dev/null && rpm $db --nodeps -i "$T"/rpm/RPMS/noarch/tool-*.rpm 2>"$T/rpm/log" && unpacked=yes
    else # without chroot
        rpm --dbpath "$T/rpmroot/var/lib/rpm" --initdb 2>/dev/null && rpm --dbpath "$T/rpmroot/var/lib/rpm" --nodeps --justdb \
            -i "$T"/rpm/RPMS/noarch/tool-*.rpm 2>"$T/rpm/log" && mkdir -p "$T/rpmroot/usr/bin" && echo tool >"$T/rpmroot/usr/bin/tool" && unpacked=yes
    fi
    is "rpm itself makes a database" "$unpacked" yes
    rm -rf "$T/tree" && cp -a "$T/rpmroot" "$T/tree" && rm -f "$T/tree"/var/lib/rpm/*-shm
    tree rpm
    is "... which is read" "$(what rpm)" "package, unverified 1; generated 1"
    echo x >>"$T/tree/usr/bin/tool"
    tree rpm
    is "... and a changed file is found" "$(found rpm ImagePackageFileChanged)" 1
else
    skip "rpm itself makes a database" "rpm is not installed"
fi

# --- signatures that nobody checked: apt-get here is a script that copies ---

fresh usr/bin/tool
pkg dpkg "$T/tree" tool usr/bin/tool
rm -rf "$T/c" && mkdir "$T/c" && cp -a "$T/tree" "$T/c/package"
printf '#!/bin/sh\ncp -a /srv/package/. /\n' >"$T/c/apt-get"
printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\nbasename "$2" >"$2"\n' >"$T/c/curl"
printf '#!/bin/sh\n' >"$T/c/pip"
chmod 755 "$T/c/apt-get" "$T/c/curl" "$T/c/pip"
printf 'FROM base\nCOPY package /srv/package\nCOPY apt-get curl pip /bin/\n' | made tools
installed() { # DESC WANT RUN...: each RUN a line
    installed_what=$1 installed_want=$2
    shift 2
    { echo FROM tools && printf 'RUN %s\n' "$@"; } | made installed
    like "$installed_what" "$(what --base tools installed)" "$installed_want"
}
installed "packages as usual" '^package 1; base' 'apt-get install -y tool'
installed "a flag takes them unchecked" 'package, unverified 1;' 'apt-get install -y --allow-unauthenticated tool'
installed "... an option of apt's too" 'package, unverified 1;' 'apt-get -o APT::Get::AllowUnauthenticated=true install -y tool'
installed "a configuration holds for the steps behind it" 'package, unverified 1;' \
    'mkdir -p /etc/apt && echo "deb [trusted=yes] http://example.com x main" >/etc/apt/x' 'apt-get install -y tool'
installed "... and not for those before" '^package 1;' 'apt-get install -y tool' \
    'mkdir -p /etc/apt && echo "deb [trusted=yes] http://example.com x main" >/etc/apt/x'

# --- downloads; curl here is a script ---

sum=$(echo f | sha256sum | cut -d' ' -f1)
get="curl -o /opt/f https://example.com/f"
check="echo '$sum  /opt/f' | sha256sum -c"
installed "a step that checks what it downloads; the file itself by its digest" '^download 1; step 1; base [0-9]+$' "$get && $check && echo x >/opt/g"
installed "... with set -e" '^download 1; step 1; base' "set -eux; $get; $check; echo x >/opt/g"
installed "... that comes too late" 'unproven 1; /opt/g$' "$check; $get && echo x >/opt/g"
installed "no check" 'unproven 2; /opt/f; /opt/g$' "$get && echo x >/opt/g"
installed "... whose failure does not count" '^download 1; base [0-9]+; unproven 1; /opt/g$' "$get && { $check || true; } && echo x >/opt/g"
installed "... nor here" 'unproven 1; /opt/g$' "$get; $check; echo x >/opt/g"
installed "... or there" 'unproven 1; /opt/g$' "$get && $check && true; echo x >/opt/g"
installed "another download beside it" 'unproven 2; /opt/e; /opt/g$' "$get && $check && curl -o /opt/e https://example.com/e && echo x >/opt/g"
installed "what comes by other ways" 'unproven 1; /opt/g$' "$get && $check && pip install x && echo x >/opt/g"
installed "a sum that is printed alone" '^base [0-9]+; unproven 2;' "$get && sha256sum /opt/f && echo x >/opt/g"
installed "... and one that is looked for" '^step 2; base' "$get && sha256sum /opt/f | grep -q . && echo x >/opt/g"
installed "a URL that nobody knows" 'unproven 2; /opt/f; /opt/g$' 'curl -o /opt/f "$(cat /etc/url)"; echo x >/opt/g'
installed "no download" 'unproven 1; /opt/g$' "echo x >/opt/g"

serve http
echo added >"$T/www/f"
printf 'FROM scratch\nADD --checksum=sha256:%s http://127.0.0.1:%s/files/f /f\n' "$(sha256sum <"$T/www/f" | cut -d' ' -f1)" "$port" | made added
is "ADD --checksum, of which history does not tell" "$(what added)" 'unproven 1; /f'
is "... and its Dockerfile does" "$(what --dockerfile "$T/c/Dockerfile" added)" 'download 1'

# --- a work tree ---

mkdir "$T/work" && cd "$T/work" || exit 1
export HOME="$T" GIT_CONFIG_NOSYSTEM=1
git init -q . && git config user.name t && git config user.email t@example.com
echo committed >committed && echo changed >changed && mkdir sub && echo deep >sub/deep && echo filtered >filtered
printf 'FROM scratch\nADD --checksum=sha256:%s https://example.com/f /f\n' "$(echo named | sha256sum | cut -d' ' -f1)" >Dockerfile
git add . && git commit -qm one
echo untracked >untracked && echo change >>changed
echo 'filtered filter=trap' >.gitattributes
git config filter.trap.clean "touch $T/trapped; cat" && git config core.fsmonitor "touch $T/trapped" && git config core.hooksPath "$T/hooks"
mkdir -p "$T/hooks" && printf '#!/bin/sh\ntouch %s/trapped\n' "$T" >"$T/hooks/post-index-change" && chmod 755 "$T/hooks/post-index-change"
cd "$T" || exit 1
rm -rf "$T/tree" && mkdir "$T/tree" && cp "$T/work/committed" "$T/work/changed" "$T/work/untracked" "$T/work/sub/deep" "$T/work/filtered" "$T/tree"
echo named >"$T/tree/named"
tree context
is "--source: what is committed, and lies there so; what its Dockerfile names" "$(what --source "$T/work" context)" \
    'download 1; context 3; unproven 2; /changed; /untracked'
is "... of a directory of the tree" "$(what --source "$T/work/sub" context | cut -d';' -f1)" 'context 1'
is "... nothing of the repository is run" "$([ -e "$T/trapped" ] && echo trapped)" ''
mkdir "$T/none"
refuses 1 '--source.*not a git repository' "a directory that is no work tree" croze check --image --origin --source "$T/none" context
refuses 1 '--source.*nothere' "one that is not there" croze check --image --origin --source "$T/nothere" context

# --- the gate, formats ---

refuses 2 'give --image' "--origin is of images" croze check --origin "$T/c/Dockerfile"
refuses 2 'no-content' "--no-content is not" croze check --image --origin --no-content good
refuses 2 'source is of --origin' "--source is of --origin" croze check --image --source "$T/work" context
exits 0 "--min-origin is met" croze check --image --min-origin 99 good
is "... without --origin it prints the same" "$out" "$(croze check --image --origin good)"
exits 10 "--min-origin is not met" croze check --image --min-origin 100 bad
like "... by the lists alone" "$out" '99\.9 %'
exits 0 "... is met with nothing" croze check --image --min-origin 0 bad
exits 10 "... of several images" croze check --image --min-origin 60 context apk
refuses 2 'min-origin' "... no such share" croze check --image --min-origin 101 good
refuses 1 'nothere' "an image that is not there" croze check --image --origin nothere good
like "... does not keep others from being told of" "$out" '^good: '
is "--ignore" "$(croze check --image --origin --ignore ImagePackageFileChanged,ImageOriginUnproven --format json bad | grep -c '^{"id"')" 0
mkdir "$T/tree/var" "$T/tree/var/log" && echo x >"$T/tree/var/log/x" && echo x >"$T/tree/var/log/y" && chmod 755 "$T/tree/var/log/y"
tree generated
like "what package tools write is told apart, but no program" "$(what generated)" 'generated 1; .*/var/log/y'
mkdir "$T/tree/many" && for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do echo $k >"$T/tree/many/$k"; done
tree many
like "text has the largest" "$(croze check --image --origin many)" '^… and [0-9]+ more'
for format in sarif checkstyle junit gitlab github; do
    like "$format has the findings" "$(croze check --image --origin --format $format bad)" ImagePackageFileChanged
done

# --- those that lie ---

py - "$T" "$(croze version | sed -n 's,^platform: *linux/,,p')" <<'END'
import hashlib, sqlite3, struct, sys
from maketar import Layout, layer_bytes
dir, arch = sys.argv[1:]
good, evil = b"good" * 1000, b"evil" * 1000
md5 = hashlib.md5(good).hexdigest()
def image(name, make):
    Layout("x:1", [layer_bytes(make)], arch).write(dir + "/" + name + ".tar")
def sums(t, *names):
    t.file("var/lib/dpkg/info/x.md5sums", "".join("%s  %s\n" % (md5, n) for n in names))
def twice(t):
    t.file("a", good), t.file("a", evil)
    t.file("b", evil), t.file("b", good)
    t.file("d", good), t.file("c", evil), t.hard("d", "c"), t.file("c", b"x")
    t.file("e", evil), t.file("f", good), t.hard("f", "e")
    sums(t, "a", "b", "d", "f")
image("twice", twice)
def paths(t):
    t.dir("etc"), t.file("x", evil), t.file("etc/x", good), t.link("l", "etc"), t.link("loop", "loop/a")
    t.file("esc\x1b[31m", evil)
    sums(t, "../x", "etc/../etc/x", "loop/x", "x\x1b", "/", ".", "x/", "etc")
image("paths", paths)
def links(t):
    paths(t), sums(t, "l/x")
image("links", links)
def shared(t): # two rows whose overflow pages are the same
    db = sqlite3.connect(dir + "/shared")
    db.execute("PRAGMA page_size=512")
    db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    for k in range(2):
        db.execute("INSERT INTO Packages(blob) VALUES (zeroblob(20000))")
    db.commit(), db.close()
    with open(dir + "/shared", "rb") as f:
        pages = bytearray(f.read())
    first, second = (512 + at + 197 for at in struct.unpack(">HH", pages[520:524]))
    last = page = struct.unpack(">I", pages[first:first + 4])[0]
    pages[second:second + 4] = pages[first:first + 4]
    while page:
        last, page = max(last, page), struct.unpack(">I", pages[512 * (page - 1):512 * (page - 1) + 4])[0]
    pages[28:32] = struct.pack(">I", last)
    t.file("var/lib/rpm/rpmdb.sqlite", bytes(pages[:512 * last]))
image("shared", shared)
def garbage(t):
    t.file("x", evil), t.file("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + b"\xff" * 5000)
    t.file("var/lib/rpm/rpmdb.sqlite-wal", b"x"), t.file("lib/apk/db/installed", b"R:\nZ:Q1\nF:\0\n" * 1000)
    t.file("var/lib/dpkg/status", b"\0\nConffiles:\n /x\n x x x x\n"), t.file("var/lib/dpkg/diversions", b"/x\n")
image("garbage", garbage)
END
is "an archive's earlier entry of a name is none" "$(what "oci-archive:$T/twice.tar")" 'package 1; generated 1; unproven 4; /a; /c; /d; /e'
is "paths that are not clean list nothing" "$(what "oci-archive:$T/paths.tar" | cut -d';' -f1,2)" "generated 1; unproven 3"
is "... and links are followed" "$(what "oci-archive:$T/links.tar" | cut -d';' -f1-3)" "package 1; generated 1; unproven 2"
exits 0 "databases of garbage" croze check --image --origin "oci-archive:$T/garbage.tar"
like "... one that cannot be read is named" "$out" '^/var/lib/rpm/rpmdb.sqlite cannot be read'
like "... and a log beside it" "$out" '^/var/lib/rpm/rpmdb.sqlite-wal was not merged'
like "a database whose rows share their pages" "$(croze check --image --origin "oci-archive:$T/shared.tar")" 'cannot be read .its rows have more bytes than it has'
unlike "names steer no terminal" "$(croze check --image --origin "oci-archive:$T/paths.tar")" "$(printf '\033')"

done_testing
