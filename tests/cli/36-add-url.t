#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ADD of URLs:
#   * name, mode 0600, owner 0:0 or --chown, Last-Modified; into a directory that is there without a slash; several sources; archives stay archives
#   * --checksum; a second build downloads nothing; the same bytes from another place are CACHED; offline with what is held
#   * --url-map to another host, to a directory, from the environment; errors say both addresses
#   * redirects, TLS, credentials that are not shown and do not travel; failures in words; tries; peers that lie, drip, flood or never end
#   * placeholders are named with their ARG
. "$(dirname "$0")/lib.sh"
export CROZE_FETCH_TRIES=1
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR

import_base
mkdir -p "$T/www/dir" "$T/empty"
printf 'jar bytes\n' >"$T/www/dir/product-1.0.jar"
touch -d '2015-10-21T07:28:00Z' "$T/www/dir/product-1.0.jar"
echo two >"$T/www/two"
serve plain
at=http://127.0.0.1:$port host=127.0.0.1:$port
sum=$(sha256sum <"$T/www/dir/product-1.0.jar" | cut -d' ' -f1)

# adds DESC ARGS-OF-ADD [BUILD-OPTIONS]: builds "FROM base, ADD ..." as image "added"
adds() {
    adds_what=$1 adds_line=$2
    shift 2
    printf 'FROM base\nRUN mkdir -p /lib.d\nADD %s\n' "$adds_line" >"$T/Dockerfile"
    sed -i '/^RUN/d' "$T/Dockerfile"
    builds "$adds_what" added "$T/empty" -f "$T/Dockerfile" "$@"
}
refuses_add() { # RE DESC ARGS-OF-ADD [BUILD-OPTIONS]
    refuse_re=$1 refuse_what=$2
    printf 'FROM base\nADD %s\n' "$3" >"$T/Dockerfile"
    shift 3
    fails_build "$refuse_re" "$refuse_what" "$T/empty" -f "$T/Dockerfile" "$@"
}
requests() { wc -l <"$T/plain.log" | tr -d ' '; }

adds "a URL" "$at/files/dir/product-1.0.jar /opt/"
is "its file has the name of the path's end, mode 0600, owner 0:0" "$(img tree added /opt/product-1.0.jar)" "0600 0:0 f /opt/product-1.0.jar"
is "the bytes" "$(img cat added /opt/product-1.0.jar)" "jar bytes"
is "the time of Last-Modified" "$(img mtime added /opt/product-1.0.jar)" 1445412480
like "history has BuildKit's words" "$(croze history --no-trunc added)" "ADD $at/files/dir/product-1.0.jar /opt/ # buildkit"
adds "into a directory that is there, without a slash" "$at/files/dir/product-1.0.jar /etc"
is "it lands in it" "$(img tree added /etc/product-1.0.jar)" "0600 0:0 f /etc/product-1.0.jar"
adds "to a name" "--chown=7:8 --chmod=0644 $at/files/two /srv/file"
is "with the owner and mode that were asked for" "$(img tree added /srv/file)" "0644 7:8 f /srv/file"
adds "several" "$at/files/two $at/files/dir/product-1.0.jar /many/"
is "each under its name" "$(img tree added /many/ | grep " f ")" "$(printf '0600 0:0 f /many/product-1.0.jar\n0600 0:0 f /many/two')"
adds "a slash at the end" "$at/files/two/?x /odd/"
is "is no part of the name" "$(img tree added /odd/two)" "0600 0:0 f /odd/two"
adds "encoded names" "$at/files/dir/product%2D1.0.jar?x=%2f#y /enc/"
is "are decoded" "$(img tree added /enc/product-1.0.jar)" "0600 0:0 f /enc/product-1.0.jar"
py -m maketar "$T/www/tree.tar"
adds "an archive" "$at/files/tree.tar /arc/"
is "stays one" "$(img tree added /arc/tree.tar)" "0600 0:0 f /arc/tree.tar"

# --- what is held ---
adds "again" "$at/files/dir/product-1.0.jar /opt/"
like "is CACHED" "$err" 'CACHED'
like "and not downloaded: the server says 304" "$(tail -1 "$T/plain.log")" '/files/dir/product-1.0.jar 304'
adds "the same bytes from another address" "$at/bare/dir/product-1.0.jar /opt/"
like "are the same layer" "$err" 'CACHED'
echo three >"$T/www/two"
adds "what has changed" "$at/files/two /srv/file"
is "comes anew" "$(img cat added /srv/file)" three

# --- checksums ---
adds "a checksum" "--checksum=sha256:$sum $at/files/dir/product-1.0.jar /sum/"
before=$(requests)
adds "again" "--checksum=sha256:$sum $at/files/dir/product-1.0.jar /other/"
is "needs no request" "$(requests)" "$before"
adds "not even if the host is gone" "--checksum=sha256:$sum http://127.0.0.1:1/gone/p.jar /gone/"
is "the name is its own" "$(img cat added /gone/p.jar)" "jar bytes"
zeros=$(printf '%064d' 0)
refuses_add "Dockerfile:2:.*/files/two: its checksum is sha256:$(sha256sum <"$T/www/two" | cut -d' ' -f1), and should be sha256:$zeros" \
    "a wrong one names both" "--checksum=sha256:$zeros $at/files/two /"

# --- elsewhere ---
adds "a dead host by --url-map" "https://dead.example/dist/two /map/" --url-map "https://dead.example/dist/=$at/files/"
is "has the bytes" "$(img cat added /map/two)" three
unlike "the image does not know" "$(croze inspect added)$(croze history --no-trunc added)" "127\.0\.0\.1"
adds "a directory" "https://dead.example/dist/two /map2/" --url-map "https://dead.example/dist/=file://$T/www/"
is "too" "$(img cat added /map2/two)" three
export CROZE_URL_MAP="http://x.example/=$at/files/
 https://dead.example/dist/=$at/files/dir/"
adds "from the environment" "https://dead.example/dist/product-1.0.jar /map3/"
adds "a flag comes before it" "https://dead.example/dist/two /map4/" --url-map "https://dead.example/dist/=$at/files/"
refuses_add "https://dead.example/dist/none \(from $at/files/dir/none\): .*HTTP 404 Not Found" "an error says both addresses" \
    "https://dead.example/dist/none /x"
unset CROZE_URL_MAP
refuses_add 'below .*(www|srv)' "a path does not leave the directory" "https://dead.example/%2e%2e/store/index.json /x" \
    --url-map "https://dead.example/=file://$T/www/"
refuses 2 '^croze: --url-map ftp://a/=http://b/: FROM: ftp:// is not fetched' "not a map" croze build --url-map ftp://a/=http://b/ "$T/empty"
refuses 2 '^croze: environment variable CROZE_URL_MAP: --url-map nonsense: it is FROM=TO' "nor this, of the environment" \
    env CROZE_URL_MAP=nonsense "$CROZE" build "$T/empty"

# --- hosts and credentials ---
adds "redirects" "$at/hops/5/two /hop/"
refuses_add 'more than 10 redirects' "a loop" "$at/loop /x"
refuses_add 'redirects to file:///etc/passwd: file:// is not fetched' "a redirect to a file" "$at/to/file:///etc/passwd /x"
login=http://user:secret@$host
adds "a URL with credentials" "$login/auth/two /auth/"
unlike "is not shown with them" "$out$err$(croze history --no-trunc added)$(croze inspect added)" secret
like "but masked" "$err" 'ADD http://\*\*\*@127'
serve other
other=$port
refuses_add 'HTTP 401 Unauthorized' "they do not follow to another host" "$login/to/http://127.0.0.1:$other/auth/two /x"
unlike "nor into the message" "$err" secret
unlike "that host did not get them" "$(cat "$T/other.log")" Basic
refuses_add 'HTTP 401 Unauthorized, says http://127.0.0.1:[0-9]*; it wants other credentials' "none" "$at/auth/two /x"
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout "$T/key.pem" \
        -out "$T/cert.pem" 2>/dev/null
    cat "$T/key.pem" "$T/cert.pem" >"$T/both.pem"
    serve secure "$T/both.pem"
    secure=$port
    refuses_add 'SSL_CERT_FILE or CURL_CA_BUNDLE' "a certificate of nobody" "https://127.0.0.1:$secure/files/two /x"
    export SSL_CERT_FILE="$T/cert.pem"
    adds "one that SSL_CERT_FILE vouches for" "https://127.0.0.1:$secure/files/two /tls/"
    adds "http may lead to https" "$at/to/https://127.0.0.1:$secure/files/two /tls2/"
    refuses_add 'https does not become http' "https never to http" "https://127.0.0.1:$secure/to/$at/files/two /x"
    unset SSL_CERT_FILE
else
    skip "TLS" "openssl, which makes a certificate, is not installed"
fi

# --- failures ---
for row in "status/403 403 Forbidden" "status/404 404 Not Found" "status/500 500 Internal Server Error" "files/none 404 Not Found"; do
    refuses_add "Dockerfile:2:.*HTTP ${row#* }, says $at" "${row#* }" "$at/${row%% *} /x"
done
refuses_add "$at/headers: .*KiB of headers" "a flood of headers" "$at/headers /x"
CROZE_FETCH_TIMEOUT=1
export CROZE_FETCH_TIMEOUT
refuses_add 'CROZE_FETCH_TIMEOUT' "a drip" "$at/drip /x"
unset CROZE_FETCH_TIMEOUT
refuses_add 'bytes' "a file that ends early" "$at/short/two /x"
CROZE_FETCH_TRIES=2
adds "503 passes" "$at/flaky/1/two /flaky/"
adds "what broke off goes on" "$at/broken/dir/product-1.0.jar /broken/"
is "to the same bytes" "$(img cat added /broken/product-1.0.jar)" "jar bytes"
CROZE_FETCH_TRIES=1
refuses_add 'http://127.0.0.1:1/x: ' "nobody listens" "http://127.0.0.1:1/x /x"
printf 'FROM base\nADD http:// /x\n' >"$T/Dockerfile"
refuses 2 'Dockerfile:2:.*not a usable URL' "no URL" build failing "$T/empty" -f "$T/Dockerfile"
printf 'FROM base\nCOPY %s/files/two /x\n' "$at" >"$T/Dockerfile"
refuses 2 'COPY cannot copy a URL' "COPY takes none" build failing "$T/empty" -f "$T/Dockerfile"
printf 'FROM base\nARG DIST_URL="<DIST_URL>"\nADD ${DIST_URL} /x\n' >"$T/Dockerfile"
fails_build '<DIST_URL> is a placeholder, pass --build-arg DIST_URL=' "a placeholder is named" "$T/empty" -f "$T/Dockerfile"
printf 'FROM base\nARG HOST=<HOST>\nADD http://${HOST}/x /x\n' >"$T/Dockerfile"
run build failing "$T/empty" -f "$T/Dockerfile"
like "one inside of a URL too" "$err" '<HOST> is a placeholder, pass --build-arg HOST='
does "with the argument it builds" build filled "$T/empty" -f "$T/Dockerfile" --build-arg "HOST=$host/files/two?"

# --- a product's file: http://, no slash, a named owner, a directory of the base ---
printf 'FROM base\nARG LIB=/usr/lib\nADD --chown=daemon:daemon %s/files/dir/product-1.0.jar ${LIB}\n' "$at" >"$T/Dockerfile"
builds "a library for a directory of the base" product "$T/empty" -f "$T/Dockerfile"

# --- an epoch ---
SOURCE_DATE_EPOCH=1600000000
export SOURCE_DATE_EPOCH
adds "with an epoch" "$at/files/dir/product-1.0.jar /epoch/"
is "older times stay" "$(img mtime added /epoch/product-1.0.jar)" 1445412480
adds "without a time" "$at/bare/two /epoch/"
is "the epoch counts" "$(img mtime added /epoch/two)" 1600000000
done_testing
