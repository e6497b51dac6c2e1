#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The step cache:
#   * unchanged: every step CACHED and the same digest; also from a copy of the context elsewhere, and after touch
#   * what is in a key: content, mode, owner, name, links; instructions, ENV, declared ARG values, the base; and what is not: times, proxies, tags,
#     labels, other directories, the Dockerfile's comments
#   * a step whose output is what it was joins the cache again; --no-cache; another compression packs layers again, once
#   * a record whose blob is gone is done again
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/dir/sub"
echo a >"$c/dir/a"
echo b >"$c/dir/sub/b"
ln -s a "$c/dir/link"
echo unused >"$c/unused"
dockerfile "$c" <<'END'
FROM base
ARG VALUE=one
WORKDIR /w
COPY dir /w/dir
RUN cat dir/a dir/sub/b >joined
RUN echo "$VALUE" >value
END

# steps: what happened to each, in order: "CACHED CACHED DONE"
steps() { printf '%s\n' "$err" | sed -n 's/^#[0-9]* \(CACHED\|DONE\|ERROR\).*/\1/p' | tr '\n' ' ' | sed 's/ $//'; }
all='CACHED CACHED CACHED CACHED'
# again DESC STEPS [OPTIONS]
again() {
    desc=$1 want=$2
    shift 2
    run build cached "$c" "$@"
    is "$desc" "$(steps)" "$want"
}

again "cold" 'DONE DONE DONE DONE'
first=$(digest_of cached)
again "unchanged" "$all"
is "... the same digest" "$(digest_of cached)" "$first"
find "$c" -exec touch -h {} +
again "touched" "$all"
is "... the same digest" "$(digest_of cached)" "$first"
cp -r "$c" "$T/copy"
run build copied "$T/copy"
is "a copy elsewhere" "$(steps)" "$all"
is "... the same digest" "$(digest_of copied)" "$first"
echo more >>"$c/unused"
again "a file that no step reads" "$all"
sed -i 's/^FROM/# a comment\nFROM/' "$c/Dockerfile"
again "a comment in the Dockerfile" "$all"
is "... the same digest" "$(digest_of cached)" "$first"
again "another name" "$all" -t another:name
again "a label" "$all" --label a=b
isnt "... is another image" "$(digest_of cached)" "$first"
http_proxy=http://x:1 run build cached "$c"
is "a proxy" "$(steps)" "$all"

echo changed >"$c/dir/a"
again "content" 'CACHED DONE DONE DONE'
echo a >"$c/dir/a"
again "... and back" "$all"
chmod 600 "$c/dir/a"
again "a mode" 'CACHED DONE DONE DONE'
chmod 644 "$c/dir/a"
ln -sf sub/b "$c/dir/link"
again "a link" 'CACHED DONE DONE DONE'
ln -sf a "$c/dir/link"
mv "$c/dir/sub/b" "$c/dir/sub/c"
run build cached "$c"
is "a name" "$(steps)" 'CACHED DONE ERROR'
mv "$c/dir/sub/c" "$c/dir/sub/b"
mkdir "$c/dir/empty"
again "an empty directory more" 'CACHED DONE DONE DONE'
rmdir "$c/dir/empty"
# the same size and time, so that only ctime and content tell
touch -d @1500000000 "$c/dir/a"
again "touched again" "$all"
printf 'b\n' >"$c/dir/a"
touch -d @1500000000 "$c/dir/a"
again "other content of the same size and time" 'CACHED DONE DONE DONE'
echo a >"$c/dir/a"

again "another ARG: the RUNs behind it see it" 'CACHED CACHED DONE DONE' --build-arg VALUE=two
is "... has its effect" "$(img cat cached /w/value)" two
again "... each value has its record" "$all" --build-arg VALUE=two
again "an ARG that nothing declares" "$all" --build-arg NOTHING=x --build-arg VALUE=two
run build cached "$c"
sed -i 's/^WORKDIR.*/&\nENV E=1/' "$c/Dockerfile"
again "ENV counts for the RUNs behind it, not for COPY" 'CACHED CACHED DONE DONE'
sed -i '/^ENV/d' "$c/Dockerfile"
sed -i 's/^COPY dir/COPY --chown=1 dir/' "$c/Dockerfile"
again "an owner" 'CACHED DONE DONE DONE'
sed -i 's/--chown=1 //' "$c/Dockerfile"

dockerfile "$T/join" <<'END'
FROM scratch
COPY file /file
COPY last /last
END
echo 1 >"$T/join/file"
echo l >"$T/join/last"
build joined "$T/join" 2>/dev/null
printf 'FROM scratch\nCOPY --chmod=644 file /file\nCOPY last /last\n' >"$T/join/Dockerfile"
run build joined "$T/join"
is "two ways to the same files are one" "$(steps)" 'CACHED CACHED'
export SOURCE_DATE_EPOCH=1500000000
again "an epoch is in every key" 'DONE DONE DONE DONE'
sed -i 's/cat dir/cat  dir/' "$c/Dockerfile"
again "a step that leaves the same files as before joins the cache again" 'CACHED CACHED DONE CACHED'
sed -i 's/cat  dir/cat dir/' "$c/Dockerfile"

again "--no-cache" 'DONE DONE DONE DONE' --no-cache
again "... leaves records behind" "$all"
files=$(img config cached rootfs diff_ids 2)
again "--compression=none: the steps are not done again, their layers are packed again" 'CACHED CACHED CACHED CACHED DONE DONE DONE DONE' --compression none
is "... the same files" "$(img config cached rootfs diff_ids 2)" "$files"
again "... once" 'CACHED CACHED CACHED CACHED' --compression none
again "... and back" 'CACHED CACHED CACHED CACHED'
unset SOURCE_DATE_EPOCH

croze tag base same:base
sed -i 's/^FROM.*/FROM same:base/' "$c/Dockerfile"
again "the same base by another name" "$all"
printf 'FROM base\nRUN echo x >/etc/motd\n' | dockerfile "$T/other"
build other "$T/other" 2>/dev/null
sed -i 's/^FROM.*/FROM other/' "$c/Dockerfile"
again "another base" 'DONE DONE DONE DONE'
sed -i 's/^FROM.*/FROM base/' "$c/Dockerfile"

again "as it was" "$all"
blob=$(img manifest cached layers -1 digest | tr -d '"' | cut -d: -f2)
rm "$CROZE_ROOT/blobs/sha256/$blob"
again "a blob that is gone is made again" 'CACHED CACHED CACHED DONE'
for record in "$CROZE_ROOT"/steps/*; do echo '{' >"$record"; done
again "records that are damaged are done again" 'DONE DONE DONE DONE'

# files that change while they are new: racy for a cache that looks at times
i=0 bad=
printf 'FROM scratch\nCOPY n /n\n' | dockerfile "$T/racy"
while [ $i -lt 20 ]; do
    echo $i >"$T/racy/n"
    build racy "$T/racy" 2>/dev/null
    [ "$(img cat racy /n)" = $i ] || bad="$bad $i"
    i=$((i + 1))
done
is "twenty changes as fast as they can be made are all seen" "$bad" ""

done_testing
