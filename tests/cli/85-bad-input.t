#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What strangers may hand to croze: archives, contexts and Dockerfiles made to harm. A clear error or a correct image, soon; nothing of theirs steers
# the terminal, and nothing outside is read or written.
. "$(dirname "$0")/lib.sh"

# refused KIND RE DESC: an image archive of badimage.py is not loaded, within half a minute.
refused() {
    py -m badimage "$1" >"$T/bad.tar"
    run timeout 30 "$CROZE" load -i "$T/bad.tar"
    if crashed || [ "$code" -eq 0 ] || [ "$code" -eq 124 ]; then
        fail "$3" "exit code $code" "$err"
    else
        like "$3" "$err" "$2"
    fi
}
escape=$(printf '\033')
clean() { # DESC: nothing of the last command's streams steers a terminal
    unlike "$1" "$out$err" "$escape|$(printf '\302\233')"
}

# --- image archives ---

refused escape-name 'invalid' "a name that steers the terminal"
clean "and does not when it is refused"
refused escape-type 'layers of type' "a media type that steers the terminal"
clean "and does not either"
refused digest-name 'taken for a digest' "a name that would be taken for an image ID"
refused hex-name 'taken for a digest' "and one of 64 digits"
refused path-name 'invalid image name' "a path as a name"
refused many-labels 'the limit is' "100,000 labels"
refused many-variables 'the limit is' "100,000 variables"
refused many-annotations 'over the limit' "100,000 annotations"
refused many-names 'over the limit' "20,000 names"
refused docker-many-tags 'over the limit' "20,000 tags"
is "none of them was given" "$(croze images -q | wc -l)" 0
refused many-layers 'over the limit of 500' "600 layers"
refused wrong-size 'its descriptor says 5' "a layer of another size"
refused absent-layer 'is missing' "a layer that is not there"
refused sha512 'sha512.*not supported' "another digest algorithm"
refused path-digest 'malformed' "a path as a digest"
refused wrong-count 'diff_ids' "fewer diff_ids than layers"
refused wrong-plain-layer 'not the sha256:1111' "a plain layer that is not what diff_ids says"
refused deep-json 'nested deeper' "deep JSON"
refused nulls 'not a digest' "nulls"
refused docker-outside 'is missing' "a docker-archive that names a layer outside"
refused docker-config-outside 'is missing' "and a configuration outside"
refused docker-wrong-layer 'not the sha256:1111' "another layer than diff_ids says"
refused docker-escape-layer 'is missing' "a layer's path that steers the terminal"
clean "and does not"
refused docker-nulls 'is missing' "nulls in manifest.json"

py -m badimage wrong-packed-layer >"$T/bad.tar"
does "a compressed layer is not looked into when it is loaded" croze load -i "$T/bad.tar"
refuses 125 'diffID.*tampered' "but when it is unpacked: then it must be what diff_ids says" croze run tampered:1 /hello
py -m badimage name-by-digest >"$T/bad.tar"
does "containerd's name by digest" croze load -i "$T/bad.tar"
like "names no tag" "$out" '^Loaded image ID: '
py -m badimage escape-config >"$T/bad.tar"
does "a configuration full of escape sequences is loaded" croze load -i "$T/bad.tar"
run croze images
clean "images shows it without them"
run croze history --no-trunc bad:1
clean "history, too"
run croze run bad:1
clean "and so do the messages of run"

# --- archives of files ---

implied() {
    py -c 'import tarfile, sys
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as t:
    for i in range(300):
        t.addfile(tarfile.TarInfo("%d/" % i + "d/" * 1000 + "x"))' "$1"
}
implied "$T/implied.tar"
refuses 1 'does not list' "300 names that imply 300,000 directories" croze import "$T/implied.tar" implied

# --- Dockerfiles and contexts ---

mkdir "$T/c"
mkfifo "$T/c/Dockerfile"
refuses 1 'not a regular file' "a pipe as Dockerfile does not block" timeout 20 "$CROZE" build "$T/c"
rm "$T/c/Dockerfile"
echo "FROM scratch" >"$T/c/Dockerfile"
mkfifo "$T/c/.dockerignore"
refuses 1 'not a regular file' "nor as ignore file" timeout 20 "$CROZE" build "$T/c"
rm "$T/c/.dockerignore" "$T/c/Dockerfile"
echo "very secret" >"$T/secret"
ln -s ../secret "$T/c/Dockerfile"
refuses 1 'leads out of the build context' "a Dockerfile that is a link to a file outside is not read" croze build "$T/c"
unlike "nor shown" "$err" 'very'
rm "$T/c/Dockerfile"
echo "FROM scratch" >"$T/c/real"
ln -s real "$T/c/Dockerfile"
does "inside it may be a link" croze build -q "$T/c"

py -m badimage most-layers >"$T/most.tar"
does "an image of 500 layers, all that overlay takes" croze load -i "$T/most.tar"
dockerfile "$T/more" <<'END'
FROM most:1
COPY Dockerfile /
END
fails_build 'has 500 layers already' "stays one" "$T/more"

py -c 'print("FROM scratch AS s0")
for i in range(1, 9000): print("FROM s%d AS s%d\nLABEL a=b" % (i - 1, i))' | dockerfile "$T/chain"
fails_build 'all stages take more' "9000 stages, each on the one before, do not eat the memory" "$T/chain"
dockerfile "$T/empty-words" <<'END'
FROM scratch
WORKDIR ""
COPY "" ""
END
builds "quoted nothing is no word to crash on" empty-words "$T/empty-words"

if [ "$tier" = root ]; then
    dockerfile "$T/mark" <<'END'
FROM scratch
COPY . /
END
    mknod "$T/mark/removed" c 0 0
    fails_build "0:0 is overlay's mark" "overlay's mark of a removed file is not copied as a device" "$T/mark"
else
    skip "overlay's mark of a removed file is not copied as a device" "a user makes no devices"
fi

printf 'FROM scratch\nLABEL a="\033[31m"\nFOO\033[31m x\n' | dockerfile "$T/escape"
refuses 2 'unknown instruction' "an instruction that steers the terminal" build x "$T/escape"
clean "and does not"

does "the store is sound" croze fsck
done_testing
