#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fsck: exit code 0 for a sound store and 10 for a damaged one, a line for each finding.
#   * a missing layer, configuration, manifest; a layer of another size; other bytes (--deep only); a bad index.json, oci-layout
#   * records, tables and trees that are damaged are leftovers, which --repair removes; a build is right all the same
#   * --repair sets damaged blobs aside; what it cannot mend is still damage
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
printf 'FROM base\nRUN echo x >/x\n' | dockerfile "$c"
build image "$c" 2>/dev/null
does "a sound store" croze fsck
is "... says so" "$out" "the store is sound"
does "--deep" croze fsck --deep
cp -a "$CROZE_ROOT" "$T/sound" 2>/dev/null || remove_all "$T/sound"

blob_of() { img manifest image "$@" digest | tr -d '"' | cut -d: -f2; }
top=$(blob_of layers -1)
config=$(blob_of config)
manifest=$(digest_of image | cut -d: -f2)
blobs=$CROZE_ROOT/blobs/sha256

# damaged DESC RE [OPTIONS]: it finds damage that RE matches
damaged() {
    what=$1 re=$2
    shift 2
    exits 10 "$what" croze fsck "$@"
    like "... named" "$out" "^damage: .*$re"
    like "... at the end" "$out" '^the store is damaged$'
}
mv "$blobs/$top" "$T/saved"
damaged "a missing layer" "image:latest: layer sha256:$top is missing"
mv "$T/saved" "$blobs/$top"
does "it is back" croze fsck
mv "$blobs/$config" "$T/saved"
damaged "a missing configuration" "image:latest: configuration sha256:$config is missing"
mv "$T/saved" "$blobs/$config"
mv "$blobs/$manifest" "$T/saved"
damaged "a missing manifest" "image:latest: manifest sha256:$manifest is missing"
mv "$T/saved" "$blobs/$manifest"
cp -p "$blobs/$top" "$T/saved"
chmod u+w "$blobs/$top"
printf x >>"$blobs/$top"
damaged "a layer with a byte too much" "layer sha256:$top"
cp "$T/saved" "$blobs/$top"
py -c 'import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(40)
    b = f.read(1)
    f.seek(40)
    f.write(bytes([b[0] ^ 1]))' "$blobs/$top"
does "one changed bit is not seen without --deep" croze fsck
damaged "... but with it" "$top" --deep
run croze save image -o "$T/out.tar"
is "... and is not handed on" "$code $(ls "$T/out.tar" 2>/dev/null)" "1 "
like "... with a message that names the blob" "$err" "^croze: .*$(echo "$top" | cut -c1-12)"
exits 10 "--repair" croze fsck --deep --repair
exits 1 "... sets it aside" test -e "$blobs/$top"
exits 10 "... and the image is still damaged" croze fsck
builds "a build makes it anew" image "$c"
croze rmi -f "$(croze images -q | head -2 | tail -1)" >/dev/null 2>&1
croze images -q --no-trunc >"$T/left"
croze gc --grace 0 >/dev/null 2>&1

cp "$CROZE_ROOT/index.json" "$T/saved"
echo '{"manifests": [' >"$CROZE_ROOT/index.json"
damaged "an index.json that is no JSON" 'index\.json'
refuses 1 'index\.json' "... stops other commands" croze images
cp "$T/saved" "$CROZE_ROOT/index.json"
echo '{"imageLayoutVersion":"9"}' >"$T/layout"
cp "$CROZE_ROOT/oci-layout" "$T/saved"
cp "$T/layout" "$CROZE_ROOT/oci-layout"
run croze fsck
isnt "an oci-layout of another version" "$code" 0
cp "$T/saved" "$CROZE_ROOT/oci-layout"

# croze's own, rebuildable things
remove_all "$CROZE_ROOT"
import_base
build image "$c" 2>/dev/null
digest=$(digest_of image)
for f in "$CROZE_ROOT"/steps/* "$CROZE_ROOT"/toc/*; do
    [ ! -f "$f" ] || { chmod u+w "$f"; echo garbage >"$f"; }
done
for f in "$CROZE_ROOT"/chunks.idx "$CROZE_ROOT"/stat/*; do
    [ ! -f "$f" ] || head -c 100 /dev/urandom >"$f"
done
echo x >"$CROZE_ROOT/work/stray"
run croze fsck
like "damaged records are leftovers" "$out" '^leftover: steps/'
run croze fsck --repair
run croze fsck --deep
is "... that --repair removes" "$code $out" "0 the store is sound"
printf 'FROM image\nCOPY --from=image --chown=app /x /y\nRUN cat /y\n' >"$c/other"
builds "a build without them" other "$c" -f "$c/other"
is "... is right" "$(img tree other /y) $(img cat other /y)" '0644 10001:10002 f /y x'
is "... and the image is what it was" "$(digest_of image)" "$digest"

for f in "$CROZE_ROOT"/toc/*; do head -c 50 "$f" >"$T/cut"; chmod u+w "$f"; cp "$T/cut" "$f"; done
for f in "$CROZE_ROOT"/steps/*; do : >"$f"; done
for f in "$CROZE_ROOT"/chunks.idx "$CROZE_ROOT"/stat/*; do [ ! -f "$f" ] || { head -c 60 "$f" >"$T/cut"; cp "$T/cut" "$f"; }; done
builds "a build over damaged records, without a repair" other2 "$c" -f "$c/other"
is "... is right" "$(img tree other2 /y) $(img cat other2 /y)" '0644 10001:10002 f /y x'

done_testing
