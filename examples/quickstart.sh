#!/bin/sh
# SPDX-License-Identifier: MIT
# The quickstart on a fresh Debian or Ubuntu: installs what is missing, builds, and runs. From anywhere in or out of the
# tree:  sh examples/quickstart.sh [BUILD-DIRECTORY]
set -eu

source=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$source/build-quickstart}

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

has_header() { pkg-config --exists "$1" 2>/dev/null; }

# The packages that are missing, by what each is needed for.
missing() {
    command -v cc >/dev/null || echo gcc libc6-dev
    command -v meson >/dev/null || echo meson
    command -v ninja >/dev/null || echo ninja-build
    command -v pkg-config >/dev/null || echo pkg-config
    has_header rdkafka || echo librdkafka-dev
    has_header libcjson || echo libcjson-dev
    has_header libcurl || echo libcurl4-openssl-dev
    has_header libmicrohttpd || echo libmicrohttpd-dev
}

install() {
    say "Installing $*"
    command -v apt-get >/dev/null || fail "there is no apt-get here; please install: $*"
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "neither root nor sudo; please install: $*"
        sudo=sudo
    fi
    $sudo apt-get update
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086 # one word for each package
    install $packages
fi
pkg-config --exists 'rdkafka >= 2.0' 'libcurl >= 7.88' ||
    fail "librdkafka 2.0 and libcurl 7.88 are needed at least: Debian 12 or Ubuntu 24.04, or newer"

say "Building in $build"
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$source" -Dkafka=enabled -Daws=enabled -Dexamples=enabled -Dtests=disabled
fi
ninja -C "$build" examples/quickstart

say "Running $build/examples/quickstart"
exec "$build/examples/quickstart"
