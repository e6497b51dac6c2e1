#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Starts the product in a container.
#
# What lies in wso2-config-volume, wso2-artifact-volume and wso2-patch-volume, beside the product, is copied over it in
# that order: a later volume wins. Arguments go to the server's start script as they are. TERM stops the server in good
# order and ends in 0; a server that ends by itself passes its own status on.
set -eu

fail() {
    echo "docker-entrypoint: $1" >&2
    exit 1
}

# Copies the volume $1, where there is one, over the product. Links are followed: Kubernetes mounts a configuration as
# links into a hidden directory. Hidden entries are that machinery (or a file system's own) and stay out.
overlay() {
    for entry in "$WORKING_DIRECTORY/$1"/*; do
        if [ -e "$entry" ]; then
            cp -RL "$entry" "$WSO2_SERVER_HOME/" || fail "cannot copy $entry over $WSO2_SERVER_HOME (as $(id))"
        fi
    done
}

stop() {
    trap '' TERM INT
    if [ -n "$server" ]; then
        echo "docker-entrypoint: stopping the server" >&2
        kill -TERM "$server" 2>/dev/null || :
        wait "$server" || :
    fi
    exit 0
}

# Before anything else: the first process of a container has no default for these signals, it would not hear them.
server=
trap stop TERM INT

for home in "${WORKING_DIRECTORY:?}" "${WSO2_SERVER_HOME:?}"; do
    [ -d "$home" ] || fail "there is no directory $home"
done
for volume in wso2-config-volume wso2-artifact-volume wso2-patch-volume; do
    overlay "$volume"
done

# The start script replaces itself by Java, so this process is the server.
"$WSO2_SERVER_HOME/bin/catalina.sh" run "$@" &
server=$!
status=0
wait "$server" || status=$?
exit "$status"
