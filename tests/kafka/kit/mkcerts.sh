#!/bin/sh
# SPDX-License-Identifier: MIT
# mkcerts.sh DIR: certificates for the secure broker (needs openssl 3).
#   ca.pem                    the test CA
#   server.pem                key and chain for localhost and 127.0.0.1
#   client.pem, .key          signed by the CA, CN=esm
#   client-pbes1.key, -pbes2  the same key under the password "key-secret"
#   stranger.pem, .key        self-signed, CN=stranger: to be refused
set -eu
mkdir -p "$1"
cd "$1"

self_signed() { # name, CN
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$2" \
        -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

signed() { # name, CN, extensions
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
    printf '%s\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
        -extfile "$1.ext" -out "$1.crt" 2>/dev/null
    cat "$1.crt" ca.pem >"$1.pem"
    rm "$1.csr" "$1.ext" "$1.crt"
}

self_signed ca libesm-test-ca
self_signed stranger stranger
signed server localhost "subjectAltName=DNS:localhost,IP:127.0.0.1
extendedKeyUsage=serverAuth,clientAuth"
signed client esm "extendedKeyUsage=clientAuth"
cat server.key >>server.pem
openssl pkcs8 -topk8 -in client.key -passout pass:key-secret -v1 PBE-SHA1-3DES -out client-pbes1.key
openssl pkcs8 -topk8 -in client.key -passout pass:key-secret -v2 aes256 -out client-pbes2.key
