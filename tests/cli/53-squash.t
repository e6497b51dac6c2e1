#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --squash and --squash-new:
#   * the tree is the one of the image with all its layers; what a later step removed is in no blob; hard links hold
#   * whiteouts stay only where they hide something of the base; the base's own layers are left alone
#   * history as docker's squash has it; configuration, steps' cache and digests; other programs read the result
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c"
head -c 300000 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$c/secret"
cat >"$c/Dockerfile" <<'EOF'
FROM base
COPY secret /srv/secret
RUN rm /srv/secret && rm /opt/lower/file && rm -r /opt/lower/dir && mkdir /opt/lower/dir && echo new >/opt/lower/dir/new
ENV A=1
RUN echo one >/srv/one && ln /srv/one /srv/two && ln /srv/one /three && chown 7:8 /srv/one && mkdir -m 2770 /srv/d && mkfifo /srv/d/p
RUN rm /srv/one && mkdir /gone && echo x >/gone/x
RUN rm -r /gone && ln -s nowhere /srv/one && mv /opt/lower/symlink /opt/lower/moved && echo app >>/etc/group
CMD ["sh"]
EOF
norm() { sed 's,^\([^ ]* [^ ]*\) h \(/.*\) -> .*,\1 f \2,'; }
steps() { printf '%s\n' "$err" | sed -n 's/^#[0-9]* \(CACHED\|DONE\).*/\1/p' | tr '\n' ' '; }
paths() { sed 's/.* //' | tr '\n' ' '; }
builds "the image as it is" plain "$c"
tree=$(img tree plain | norm)
# leaks NAME: in how many layers of the image the bytes are that a step removed
leaks() {
    py - "$1" "$c/secret" <<'END'
import gzip, json, os, sys
root = os.environ["CROZE_ROOT"]
blob = lambda d: open(root + "/blobs/sha256/" + d["digest"][7:], "rb").read()
index = json.load(open(root + "/index.json"))
entry = [m for m in index["manifests"] if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == sys.argv[1] + ":latest"][0]
secret = open(sys.argv[2], "rb").read()
print(sum(secret[:1000] in gzip.decompress(blob(l)) for l in json.loads(blob(entry))["layers"]))
END
}
lines() { img config "$1" history | py -c 'import json,sys; print(len(json.load(sys.stdin)))'; }
is "a removed file is still in a layer of it" "$(leaks plain)" 1

# --- all ---
builds "--squash" all "$c" --squash
like "... the steps are CACHED, and then one layer is made" "$(steps)" '^CACHED CACHED CACHED CACHED CACHED DONE $'
is "... one layer" "$(img layers all)" 1
is "... the same tree" "$(img tree all | norm)" "$tree"
is "... the removed file is nowhere" "$(leaks all)" 0
does "... in normal form" img layer all 0
unlike "... without whiteouts" "$out" '\.wh\.'
like "... hard links hold" "$out" '^0000 0:0 h /three -> srv/two$|^[0-7]* [0-9:]* h /three -> srv/two$'
is "... contents" "$(img cat all /three) $(img cat all /opt/lower/dir/new) $(img cat all /opt/lower/hard)" "one new lower"
is "... times" "$(img mtime all /opt/lower/hard /srv/two /etc/passwd)" "$(img mtime plain /opt/lower/hard /srv/two /etc/passwd)"
is "... the configuration is what it was" "$(img config all config)" "$(img config plain config)"
is "... history: every line, none with a layer, and one for the new layer" "$(py - "$(img config plain history)" "$(img config all history)" <<'END'
import json, sys
old, new = (json.loads(t) for t in sys.argv[1:])
print([h.get("created_by") for h in old] == [h.get("created_by") for h in new[:-1]], [h.get("empty_layer", False) for h in new] == [True] * len(old) + [False],
      new[-1]["created_by"], "created" in new[-1])
END
)" "True True # $(img layers plain) layers squashed True"
builds "... again" all2 "$c" --squash
is "... nothing is made" "$(steps)" "CACHED CACHED CACHED CACHED CACHED "
is "... the same digest" "$(digest_of all2)" "$(digest_of all)"
builds "... --no-cache does steps and merge again" all3 "$c" --squash --no-cache
is "... all of it" "$(steps)" "DONE DONE DONE DONE DONE DONE "
printf 'FROM all\nRUN test -p /srv/d/p && test "$(cat /srv/two)" = one && ! test -e /gone && rm /srv/two\n' | dockerfile "$T/on"
builds "it is a base like any other" on "$T/on"
builds "squashing that" on-all "$T/on" --squash
is "... the same tree" "$(img tree on-all | norm)" "$(img tree on | norm)"

# --- the new ones ---
builds "--squash-new" new "$c" --squash-new
is "... the base's layer and one more" "$(img layers new) $(img manifest new layers 0 digest)" "2 $(img manifest base layers 0 digest)"
is "... the same tree" "$(img tree new | norm)" "$tree"
is "... the removed file is nowhere" "$(leaks new)" 0
is "... whiteouts of what the base has, and no other" "$(img layer new 1 | grep '\.wh\.' | paths)" \
    "/opt/lower/dir/.wh.inner /opt/lower/dir/.wh.sub /opt/lower/.wh.file /opt/lower/.wh.symlink "
is "... history: the base's line has its layer, and the last one" "$(lines new) $(img config new history | py -c 'import json,sys
print([i for i, x in enumerate(json.load(sys.stdin)) if not x.get("empty_layer")])')" "$(lines all) [0, $(($(lines all) - 1))]"
sed -i 's/^FROM all/FROM new/' "$T/on/Dockerfile"
builds "it is a base like any other" on-new "$T/on"
is "... the same files in a RUN" "$(img tree on-new | norm)" "$(img tree on | norm)"
printf 'FROM base\nRUN rm /etc/group\n' | dockerfile "$T/single"
builds "one new layer" single "$T/single"
builds "... is one already" single-new "$T/single" --squash-new
is "... and stays what it is" "$(digest_of single-new)" "$(digest_of single)"
printf 'FROM base\nENV ONLY=1\n' | dockerfile "$T/none"
builds "no new layer" none "$T/none" --squash-new
is "... is no reason to make one" "$(img layers none)" 1
printf 'FROM base AS first\nRUN echo 1 >/1\nFROM first AS second\nRUN rm /1 && echo 2 >/2\nFROM second\nRUN echo 3 >/3\n' | dockerfile "$T/stages"
builds "stages on stages" stages "$T/stages" --squash-new
is "... the base is the image at their bottom" "$(img layers stages) $(img manifest stages layers 0 digest) $(img layer stages 1 | paths)" \
    "2 $(img manifest base layers 0 digest) /2 /3 "
printf 'FROM scratch\nCOPY secret /\nCOPY secret /again\n' >"$c/scratch.file"
builds "from scratch" scratch "$c" -f "$c/scratch.file" --squash-new
is "... all layers are new" "$(img layers scratch) $(img layer scratch 0 | paths)" "1 /again /secret "

# --- with the rest ---
builds "with another compression" z "$c" --squash --compression zstd
is "... the merged layer is packed again" "$(img manifest z layers 0 mediaType) $(img config z rootfs diff_ids 0)" \
    "\"application/vnd.oci.image.layer.v1.tar+zstd\" $(img config all3 rootfs diff_ids 0)"
refuses 2 'one of them' "--squash and --squash-new" croze build --squash --squash-new "$c"
refuses 2 'no output of this build is an image' "--squash without an image" croze build --squash -o "$T/dir" "$c"
export SOURCE_DATE_EPOCH=1500000000
builds "with an epoch" e1 "$c" --squash
is "... nothing in the layer is newer, the base's files neither" "$(img newest e1)" 1500000000
like "... nor in the history" "$(img config e1 history -1)" '"created":"2017-07-14T02:40:00Z"'
first="$(img config e1 rootfs diff_ids) $(img manifest e1 layers 0 digest)"
store=$CROZE_ROOT
CROZE_ROOT=$T/second CROZE_THREADS=1
export CROZE_ROOT CROZE_THREADS
import_base
builds "... in an empty store, with one thread" e2 "$c" --squash
is "... the same layer" "$(img config e2 rootfs diff_ids) $(img manifest e2 layers 0 digest)" "$first"
CROZE_ROOT=$store
unset SOURCE_DATE_EPOCH CROZE_THREADS
if command -v skopeo >/dev/null; then
    echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$T/policy.json"
    croze build --squash -o type=oci,dest="$T/all.tar",name=x:y "$c" 2>/dev/null
    does "skopeo takes the squashed image" skopeo --policy "$T/policy.json" --tmpdir "$T" copy "oci-archive:$T/all.tar:x:y" "dir:$T/skopeo"
else
    skip "skopeo takes the squashed image" "skopeo is not installed"
fi
does "the store is sound" croze fsck --deep

done_testing
