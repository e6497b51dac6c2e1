#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Repositories for tests, made in the current directory; each NAME has a bare NAME.git beside it, which servers serve.
#   repos.sh make         deep; sub, with deep as the submodule "inner"; app, with sub as the submodule "sub":
#                         tags light and noted (annotated) and branch old at its first commit ("one" in a.txt), main at its second ("two")
#   repos.sh evil TRAP    a repository whose files ask for a filter, and a user's configuration that would run TRAP at every turn
#   repos.sh bad URL      a repository with a submodule "mod" from URL ("": from nowhere)
# HOME is where git's configuration goes: let it be a scratch directory.
set -eu
GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000'
export GIT_AUTHOR_DATE GIT_COMMITTER_DATE
unset XDG_CONFIG_HOME GIT_DIR

quiet() { git -c core.hooksPath=/dev/null -c core.fsmonitor=false "$@"; }
publish() { git clone -q --bare "$1" "$1.git"; }

submodule() { # REPOSITORY PATH
    git submodule -q add "../$1" "$2"
    git config -f .gitmodules "submodule.$2.url" "../$1.git"
    git add .
}

make() {
    git config --global user.name t
    git config --global user.email t@example.com
    git config --global init.defaultBranch main
    git config --global protocol.file.allow always

    git init -q deep
    (cd deep && echo deep >deep.txt && git add . && git commit -qm deep)
    publish deep

    git init -q sub
    (cd sub && echo sub >sub.txt && submodule deep inner && git add . && git commit -qm sub)
    publish sub

    git init -q app
    (
        cd app
        umask 077
        echo one >a.txt
        printf '#!/bin/sh\n' >run.sh
        chmod 700 run.sh
        mkdir -p dir/below
        echo in >dir/below/in.txt
        ln -s a.txt link
        ln -s dir dirlink
        printf 'a\nb\n' >lines.txt
        git add .
        git commit -qm one
        git tag light
        git branch old
        git tag -am note noted
        echo two >a.txt
        submodule sub sub
        GIT_COMMITTER_DATE='1000000100 +0000' git commit -qam two
    )
    publish app
}

evil() {
    mkdir -p hooks
    printf '#!/bin/sh\n%s\n' "$1" >hooks/post-checkout
    chmod 755 hooks/post-checkout
    git init -q evil
    (
        cd evil
        printf 'a\nb\n' >lines.txt
        echo '* filter=evil' >.gitattributes
        git add .
        git commit -qm evil
    )
    publish evil
    git config --global core.hooksPath "$PWD/hooks"
    git config --global filter.evil.smudge "$1"
    git config --global core.fsmonitor "$1"
    git config --global core.autocrlf true
}

bad() {
    rm -rf bad bad.git
    commit=$(git -C deep rev-parse HEAD)
    quiet init -q bad
    (
        cd bad
        quiet update-index --add --cacheinfo "160000,$commit,mod"
        [ -z "$1" ] || printf '[submodule "m"]\npath = mod\nurl = %s\n' "$1" >.gitmodules
        [ -z "$1" ] || quiet add .gitmodules
        quiet commit -qm bad
    )
    publish bad
}

"$@"
