#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# With SOURCE_DATE_EPOCH equal inputs give one manifest digest:
#   * from two copies of a context with other times, in other directories, made in another order, under another umask, locale and time zone
#   * with 1 and 8 threads, from cold and half-warm stores, for gzip, zstd and no compression
#   * as root (T0) and as a user with subordinate ids (T1)
#   * no time in image, history or layers is newer; a RUN is told the epoch; without it an unchanged rebuild keeps its digest
# "81-reproducible-settings.t digest" prints the digest of the well-known build and nothing else: so the two tiers are compared.
. "$(dirname "$0")/lib.sh"

EPOCH=1577836800

# make_context DIR COUNT-DOWN?: the same files each time
make_context() {
    mkdir -p "$1/tree/sub"
    order='1 2 3 4 5 6 7 8 9'
    [ -z "${2-}" ] || order='9 8 7 6 5 4 3 2 1'
    for i in $order; do
        for j in $order; do
            mkdir -p "$1/tree/d$i"
            echo "file $i $j" >"$1/tree/d$i/f$j"
        done
    done
    py -c 'import sys
with open(sys.argv[1], "wb") as f:
    for i in range(100000):
        f.write(b"line %d of a large file\n" % (i * 7919 % 100003))' "$1/tree/large"
    echo hello >"$1/tree/sub/hello"
    ln -s ../large "$1/tree/sub/link"
    ln "$1/tree/sub/hello" "$1/tree/sub/second"
    echo ignored-$$ >"$1/ignored"
    echo ignored >"$1/.dockerignore"
    find "$1" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
    chmod 4750 "$1/tree/d5/f5"
    dockerfile "$1" <<'END'
FROM base AS tools
RUN mkdir -p /tools/bin && for i in 3 1 2; do echo $i >/tools/bin/t$i; done && ln /tools/bin/t1 /tools/bin/t0 && chown -R 77:88 /tools
FROM base AS unrelated
COPY --from=tools /tools /x
FROM base
ARG WHAT=x
ENV A=1 B=2
LABEL b=2 a=1
COPY --chown=app tree /opt/tree
WORKDIR /srv/work/deep
RUN rm -r /opt/lower/dir && mv /opt/lower/file /opt/lower/moved && mkdir /opt/lower/dir && touch /opt/lower/dir/new && chmod 6711 /opt/lower/dir/new
RUN echo "$SOURCE_DATE_EPOCH" >/epoch; date >/dev/null; ls -a /opt/tree | sort >list; ln -s list /link; mkfifo /fifo
COPY --from=tools --chown=0:app /tools/bin /usr/local/bin/
COPY --from=unrelated /x/bin/t2 /t2
COPY <<EOF /here
$A $B
EOF
RUN --mount=target=/ctx,rw cat /ctx/tree/sub/link | head -100 >/some && touch /ctx/x
USER app
RUN echo mine >/home/app/mine
EXPOSE 443 80
CMD ["sh"]
END
}

# built NAME DIR [OPTIONS]: its manifest digest
built() {
    name=$1 dir=$2
    shift 2
    SOURCE_DATE_EPOCH=$EPOCH croze build -q -t "$name" "$@" "$dir" >/dev/null && digest_of "$name"
}
py -m maketar "$T/base.tar"
base() { SOURCE_DATE_EPOCH=$EPOCH croze import "$T/base.tar" base >/dev/null; }
fresh_store() {
    remove_all "$CROZE_ROOT"
    base
}

base
make_context "$T/one"
if [ "${1-}" = digest ]; then
    finished=1
    built known "$T/one"
    exit
fi

want=$(built known "$T/one")
like "the well-known build" "$want" '^sha256:[0-9a-f]{64}$'
is "RUN is told the epoch" "$(img cat known /epoch)" $EPOCH
is "no entry is newer" "$(img newest known)" $EPOCH
is "... nor image and history" "$(img config known | grep -oE '"created":"[^"]*"' | sort -u)" '"created":"2020-01-01T00:00:00Z"'
is "again" "$(built again "$T/one")" "$want"
is "--no-cache" "$(built again "$T/one" --no-cache)" "$want"
for threads in 1 8; do
    fresh_store
    is "a cold store, $threads threads" "$(CROZE_THREADS=$threads built again "$T/one")" "$want"
done
mkdir "$T/elsewhere"
make_context "$T/elsewhere/two" down
find "$T/elsewhere" -exec touch -h -d @1600000123 {} +
is "another context directory, other times, in the warm store" "$(built again "$T/elsewhere/two")" "$want"
fresh_store
is "... in a cold one" "$(built again "$T/elsewhere/two")" "$want"
touch -d @1000000000 "$T/elsewhere/two/tree/d1/f1"
is "a time older than the epoch is an input: in the warm store the same as" "$(built other "$T/elsewhere/two")" "$(fresh_store; built other "$T/elsewhere/two")"
fresh_store
is "umask, time zone, language, working directory, HOME" "$(
    umask 077
    cd "$T/one" && TZ=Asia/Tokyo LC_ALL=C HOME=/nowhere SHELL=/bin/false built again .)" "$want"

# half-warm: every second record gone, then every other second
half=0
while [ $half -lt 2 ]; do
    n=0
    for record in "$CROZE_ROOT"/steps/*; do
        [ $((n % 2)) -ne $half ] || rm "$record"
        n=$((n + 1))
    done
    is "a half-warm store ($half)" "$(CROZE_THREADS=$((1 + half * 7)) built again "$T/one")" "$want"
    half=$((half + 1))
done
croze gc --all --grace 0 >/dev/null
is "after gc --all" "$(built again "$T/one")" "$want"
rm -rf "$CROZE_ROOT/toc" "$CROZE_ROOT/chunks.idx" "$CROZE_ROOT/stat"
mkdir "$CROZE_ROOT/toc" "$CROZE_ROOT/stat"
echo changed >"$T/one/tree/d3/f3"
changed=$(built changed "$T/one")
echo "file 3 3" >"$T/one/tree/d3/f3"
isnt "a changed file is another image" "$changed" "$want"
is "... and back" "$(built again "$T/one" --no-cache)" "$want"
fresh_store
echo changed >"$T/one/tree/d3/f3"
is "a changed file's layer does not depend on what was there before" "$(built changed "$T/one")" "$changed"
echo "file 3 3" >"$T/one/tree/d3/f3"
for how in zstd none; do
    first=$(CROZE_THREADS=1 built "$how" "$T/one" --compression $how --no-cache)
    is "--compression $how" "$(CROZE_THREADS=8 built "$how" "$T/one" --compression $how --no-cache)" "$first"
done
built again "$T/one" >/dev/null
croze save -o "$T/a.tar" again
fresh_store
built again "$T/one" >/dev/null
croze save -o "$T/b.tar" again
is "archives of it are equal too" "$(sha256sum <"$T/a.tar")" "$(sha256sum <"$T/b.tar")"
SOURCE_DATE_EPOCH=1 croze build -q --build-arg SOURCE_DATE_EPOCH=$EPOCH -t again "$T/one" >/dev/null
is "--build-arg SOURCE_DATE_EPOCH goes before the environment" "$(digest_of again)" "$want"

croze build -q -t plain "$T/one" >/dev/null
first=$(digest_of plain)
croze build -q -t plain "$T/one" >/dev/null
is "without an epoch an unchanged rebuild keeps its digest" "$(digest_of plain)" "$first"

if [ "$(id -u)" -ne 0 ]; then
    skip "the other tier gives the same digest" "the run as root compares both"
elif ! command -v setpriv >/dev/null || ! command -v newuidmap >/dev/null; then
    skip "the other tier gives the same digest" "setpriv or newuidmap is not installed"
else
    other=$(cd "$here/../.." && tests/as user tests/cli/81-reproducible-settings.t digest 2>"$T/log")
    is "as a user with subordinate ids: the same digest" "$other" "$want"
    [ "$other" = "$want" ] || sed 's/^/# /' "$T/log"
fi

done_testing
