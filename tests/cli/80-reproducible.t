#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reproducible images:
#   * SOURCE_DATE_EPOCH: one manifest digest from two directories, at two times, from a cold and a half-warm store, with and without unpacked trees, with any
#     number of threads, as root and as a user with subordinate ids
#   * no time in the image is newer; a rebuild without SOURCE_DATE_EPOCH keeps its digest, also after touch and from another directory
. "$(dirname "$0")/lib.sh"

epoch=1500000000
product=$T/product extension=$T/extension

# The context: what differs between two calls is only the directory and the time of every file (both newer than the epoch).
make_context() {
    dir=$1 time=$2
    mkdir -p "$dir/src/lib/deep/deeper" "$dir/src/empty" "$dir/conf" "$dir/pack/sub"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        echo "unit $i" >"$dir/src/lib/unit-$i.c"
        echo "inner $i" >"$dir/src/lib/deep/deeper/inner$i"
    done
    seq 1 200000 >"$dir/src/big" # more than one chunk
    printf '#!/bin/sh\necho started\n' >"$dir/src/start"
    chmod 755 "$dir/src/start"
    ln -s lib/unit-1.c "$dir/src/link"
    ln -s /nowhere "$dir/src/dangling"
    ln "$dir/src/lib/unit-2.c" "$dir/src/hard"
    printf 'name with blank\n' >"$dir/src/a name"
    printf 'umlaut\n' >"$dir/src/ü"
    echo secret >"$dir/conf/secret"
    chmod 600 "$dir/conf/secret"
    echo setting=1 >"$dir/conf/app.conf"
    printf 'ignored\n**/*.o\n' >"$dir/.dockerignore"
    echo "$dir $time" >"$dir/ignored"
    echo "$dir $time" >"$dir/src/object.o"
    echo packed >"$dir/pack/file"
    echo below >"$dir/pack/sub/below"
    chmod 700 "$dir/pack/sub"
    tar -C "$dir/pack" --sort=name --mtime=@1400000000 --owner=12 --group=13 --numeric-owner --format=gnu -cf "$dir/files.tar" .
    rm -r "$dir/pack"
    cp "$T/Dockerfile" "$dir/Dockerfile"
    find "$dir" -exec touch -h -d "@$time" {} +
}

cat >"$T/Dockerfile" <<'END'
FROM base AS compile
ARG LEVEL=2
ENV STAGE=compile
WORKDIR /build
COPY src ./src
RUN mkdir -p out/bin out/lib out/share && for f in src/lib/*.c; do cp "$f" "out/lib/$(basename "$f" .c)"; done \
    && cp -p src/start out/bin/start && ln out/bin/start out/bin/also && ln -s start out/bin/soft && mv src/big out/share/big
RUN chmod 4755 out/bin/start && chown -R 20:21 out/lib && chmod 2775 out/lib && rm out/lib/unit-3 && mv out/lib/unit-4 out/lib/renamed && mv out/share out/data \
    && echo "$STAGE $LEVEL $SOURCE_DATE_EPOCH" >out/built

FROM base AS assets
COPY <<here.txt <<there.txt /assets/
here
here.txt
there
there.txt
RUN cd /assets && for i in 1 2 3 4 5; do echo $i >f$i; done && rm -rf /opt/lower/dir && mkdir /opt/lower/dir && touch /opt/lower/dir/new

FROM base
LABEL vendor="Example" level=1
ENV APP_HOME=/app PATH=/app/bin:/bin
WORKDIR $APP_HOME
COPY --from=compile /build/out .
COPY --from=compile --chown=app:app --chmod=640 /build/src/lib ./lib-source
COPY --from=assets /assets /opt/lower/ /merged/
ADD files.tar /unpacked
ADD --chown=1:2 conf /etc/app/
RUN chown -R app:app /unpacked /etc/app && chmod 644 /opt/lower/file && chmod 755 bin && chown 0:0 data \
    && rm -rf /opt/real && mkdir /opt/real && echo again >/opt/real/again && mv /merged/f1 /merged/f0 && rm /merged/f2 && mkdir /merged/f2 \
    && mkdir -p /var/lib/app/run && chown app /var/lib/app && chmod 1777 /var/lib/app/run && mkfifo /var/lib/app/fifo && ln -s /app/bin/start /usr/bin/app
RUN touch data/big && chmod 644 /opt/real/again && chown 0 /merged/f0 && chmod 755 bin && chmod 644 /app/built && touch /tmp/gone && rm /tmp/gone && touch -d '2001-02-03 04:05:06' /merged/f3 && : >>/merged/f4
USER 10001
RUN id >/tmp/id && mkdir /tmp/mine && echo mine >/tmp/mine/file
USER app
WORKDIR /home/app/work
RUN id >>/tmp/id && echo mine >own && touch /home/app/own
USER 10001:29
EXPOSE 8080
VOLUME /var/lib/app
ENTRYPOINT ["/app/bin/start"]
END
mkdir "$extension"
cat >"$extension/Dockerfile" <<'END'
FROM product
USER root
RUN echo extension >>/app/built && rm -r /merged && chown -R app /app/lib && rm /app/data/big
COPY Dockerfile /etc/extension
USER app
END

# twice CROZE EXTRA...: the digests of the product and of its extension, as the environment's store gives them.
build_both() {
    croze build -q -t product "$@" >"$T/log" 2>&1 && croze build -q -t extension "$extension" >>"$T/log" 2>&1 || {
        cat "$T/log"
        return
    }
    echo "$(digest_of product) $(digest_of extension)"
}

# What tells two images apart, layer by layer, for a person: the stores of both must be at hand.
listing() {
    CROZE_ROOT=$1 py - "$2" <<'END'
import sys, image
im = image.Image(sys.argv[1])
for key in sorted(im.config):
    if key != "history":
        print("config", key, im.config[key])
for h in im.config["history"]:
    print("history", h)
for i in range(len(im.layers)):
    for m in im.layer(i):
        print("layer", i, image.line(m), m.size, m.pax_headers or m.mtime)
END
}

first_store=$CROZE_ROOT
# same DESC GOT: equal to the first build's; else the first differences.
same() {
    if [ "$2" = "$first" ]; then
        pass "$1"
    else
        { listing "$first_store" product; listing "$first_store" extension; } >"$T/.first" 2>&1
        { listing "$CROZE_ROOT" product; listing "$CROZE_ROOT" extension; } >"$T/.this" 2>&1
        fail "$1" "got:" "$2" "want:" "$first" "$(diff "$T/.first" "$T/.this" | head -40)"
    fi
}

# new_store NAME: an empty store but for the base image.
new_store() {
    CROZE_ROOT=$T/store-$1
    export CROZE_ROOT
    import_base
}

make_context "$product" 1600000001
make_context "$T/elsewhere/copy" 1700000002
export SOURCE_DATE_EPOCH=$epoch
import_base
first=$(build_both "$product")
like "the product and its extension build" "$first" '^sha256:[0-9a-f]{64} sha256:[0-9a-f]{64}$'
is "no time is newer than the epoch" "$(img newest product) $(img newest extension)" "$epoch $epoch"
is "... nor is created, in configuration and history" "$(img config extension history | grep -o '"created":"[^"]*"' | sort -u) $(img config extension created)" \
    '"created":"2017-07-14T02:40:00Z" "2017-07-14T02:40:00Z"'
is "... while a RUN knows the epoch" "$(img cat product /app/built)" "compile 2 $epoch"
same "an unchanged rebuild" "$(build_both "$product")"
same "... with --no-cache, at a later time, over trees as RUN left them" "$(build_both "$product" --no-cache)"

new_store copy
same "a copy in another directory with other times, in a cold store" "$(build_both "$T/elsewhere/copy")"
new_store one
same "one thread" "$(CROZE_THREADS=1 build_both "$product")"
new_store eight
same "eight threads" "$(CROZE_THREADS=8 build_both "$product")"

# every tree is unpacked from its blob again; then some steps are done on those, others on what a RUN left
drop_trees() {
    remove_all "$CROZE_ROOT"/trees/*
}
drop_trees
same "--no-cache without unpacked trees" "$(build_both "$product" --no-cache)"
drop_trees
for part in 0 1 2 3; do
    n=0
    for record in "$CROZE_ROOT"/steps/*; do
        n=$((n + 1))
        [ $((n % 4)) -ne $part ] || rm "$record"
    done
    croze rmi extension product >/dev/null 2>&1
    [ $part -ne 2 ] || drop_trees
    croze gc --grace 0 >/dev/null
    same "a half-warm store: every fourth step record removed from the ${part}th on, gc" "$(build_both "$product")"
done
# a RUN that copies a file up and changes nothing about it, over the tree that the RUN before it left, and over the one unpacked from that one's blob
rm $(grep -l 'RUN touch data/big' "$CROZE_ROOT"/steps/*)
drop_trees
same "the last RUN but two alone, on unpacked trees" "$(build_both "$product")"
croze rmi extension product >/dev/null 2>&1
croze gc --all --grace 0 >/dev/null
same "after gc --all" "$(build_both "$T/elsewhere/copy")"

# the step cache of a build without the epoch, in the same store, does not shine through
(unset SOURCE_DATE_EPOCH && build_both "$product" >/dev/null)
same "after a build without the epoch" "$(build_both "$product")"

# as root and as a user
other_tier="the same as a user with subordinate ids"
if [ "$(id -u)" -ne 0 ]; then
    skip "$other_tier" "root only: this is the user, whose digests root's run compares"
else
    user=croze-test
    id $user >/dev/null 2>&1 || (cd "$here/../.." && tests/as user true)
    chmod 711 "$T"
    mkdir "$T/user"
    cp -rL "$CROZE" "$T/user/croze"
    cp -r "$product" "$extension" "$T/base.tar" "$T/user/"
    cat >"$T/user/build" <<'END'
export CROZE_ROOT="$PWD/store"
./croze import base.tar base >/dev/null && ./croze build -q -t product product >/dev/null && ./croze build -q -t extension extension >/dev/null \
    && echo "$(./croze inspect -f '{{.Digest}}' product) $(./croze inspect -f '{{.Digest}}' extension)"
END
    chown -R $user: "$T/user"
    got=$(cd "$T/user" && setpriv --reuid=$user --regid=$user --init-groups --reset-env env PATH="$PATH" SOURCE_DATE_EPOCH=$epoch CROZE_NO_SYNC=1 \
        ASAN_OPTIONS="${ASAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" sh ./build 2>&1)
    CROZE_ROOT=$T/user/store same "$other_tier" "$got"
fi

# without the epoch: real times, kept by the step records
unset SOURCE_DATE_EPOCH
new_store plain
first=$(build_both "$product") first_store=$CROZE_ROOT
is "without the epoch a context file keeps its time" "$(img mtime product /app/lib-source/unit-1.c)" 1600000001
same "an unchanged rebuild keeps its digest" "$(build_both "$product")"
find "$product" -exec touch -h {} +
same "... also when every file was touched" "$(build_both "$product")"
same "... also from another directory with equal content" "$(build_both "$T/elsewhere/copy")"
croze rmi extension product >/dev/null
croze gc >/dev/null
drop_trees
same "... also after rmi and gc, without trees" "$(build_both "$product")"
echo changed >>"$product/src/start"
is "while a changed file changes it" "$([ "$(build_both "$product")" = "$first" ] && echo same)" ""

does "all stores are sound" croze fsck --deep
CROZE_ROOT=$T/store does "... the first too" croze fsck --deep

done_testing
