#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job with real parts (examples/demo: signed Debian packages, a JRE, Tomcat, skopeo):
#  - it runs from nothing and serves the product's page, and the extension's
#  - a second run builds nothing anew and keeps the digests
#  - with SOURCE_DATE_EPOCH the product and its extension have one manifest digest each: as root (T0) and as a user with subordinate ids (T1), in
#    two copies of the contexts, with one thread and with eight, from a cold store and from one that lost half of its steps
. "$(dirname "$0")/lib.sh"

if [ "$tier" = user ] && [ "${CROZE_DEMO_AS_USER:-}" != 1 ]; then
    skip "the main job as a user" "the run as root does it in both tiers"
    done_testing
    exit
fi
for tool in mmdebstrap skopeo zip curl; do
    command -v $tool >/dev/null && continue
    skip "the main job" "there is no $tool (tools/install-deps demo)"
    done_testing
    exit
done

# The packages are fetched and the base is made once a machine; stores are new each time.
cache=${CROZE_DEMO_CACHE:-/var/tmp/croze-demo-check}
mkdir -p "$cache"
export XDG_CACHE_HOME="$cache" DEMO_PORT=18231 CROZE
demo=$(CDPATH='' cd -- "$(dirname -- "$0")/../../examples" && pwd)/demo
rm -f "$cache/croze-demo/imported"

does "the demo runs" "$demo"
first=$out
is "the product and its extension serve the page of the artifact volume" "$(echo "$first" | grep -c 'served on the config volume')" 2
digests() { "$CROZE" inspect -f '{{.Digest}}' "$(image product)" "$(image product-extended)"; }
image() { "$CROZE" images --format json | sed -n "s|.*\"Repository\":\"demo/$1\",\"Tag\":\"\([0-9]*\.[0-9]*\.[0-9]*\)\".*|demo/$1:\1|p"; }
before=$(digests)
does "and runs again" "$demo"
is "with the same digests" "$(digests)" "$before"
unlike "building nothing anew" "$err" '#[0-9]+ DONE'

version=$(image product) version=${version##*:}
base=$(ls "$cache"/croze-demo/debian-jre-*.tar)
cp -R "$cache/croze-demo/context" "$cache/croze-demo/extension" "$T/"
find "$T/context" "$T/extension" -exec touch {} +
cat >"$T/build" <<'END'
#!/bin/sh
# build STORE BASE_TAR CONTEXT EXTENSION VERSION: the product and its extension, quietly; prints their digests
set -eu
export SOURCE_DATE_EPOCH=1700000000 CROZE_ROOT="$1"
[ -d "$1" ] || "$CROZE" import "$2" jre:1 >/dev/null
"$CROZE" build -q -t p:1 --build-arg BASE=jre:1 --build-arg PRODUCT_VERSION="$5" "$3" >/dev/null
"$CROZE" build -q -t p:2 --build-arg BASE=p:1 "$4" >/dev/null
"$CROZE" inspect -f '{{.Digest}}' p:1 p:2
END
chmod 755 "$T" "$T/build"
chmod -R a+rX "$cache" "$T/context" "$T/extension"

export CROZE_THREADS=8
want=$("$T/build" "$T/one" "$base" "$cache/croze-demo/context" "$cache/croze-demo/extension" "$version")
is "SOURCE_DATE_EPOCH, cold, eight threads" "$(echo "$want" | grep -c '^sha256:')" 2
export CROZE_THREADS=1
is "a copy with other times, one thread: the same digests" "$("$T/build" "$T/two" "$base" "$T/context" "$T/extension" "$version")" "$want"
ls "$T/two/steps" | awk 'NR % 2' | while read -r step; do rm "$T/two/steps/$step"; done
is "with half of the steps lost: the same" "$("$T/build" "$T/two" "$base" "$T/context" "$T/extension" "$version")" "$want"

if [ "$(id -u)" -eq 0 ] && id croze-test >/dev/null 2>&1; then
    cp "$CROZE" "$T/croze" && chmod 755 "$T/croze"
    mkdir "$T/user" && chown croze-test "$T/user"
    got=$(setpriv --reuid=croze-test --regid=croze-test --init-groups --reset-env env CROZE="$T/croze" PATH="$PATH" \
        "$T/build" "$T/user/store" "$base" "$T/context" "$T/extension" "$version")
    is "as a user with subordinate ids (T1): the same" "$got" "$want"
else
    skip "as a user with subordinate ids (T1)" "this needs root and the user croze-test (tests/as makes it)"
fi
done_testing
