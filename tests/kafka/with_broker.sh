#!/bin/sh
# SPDX-License-Identifier: MIT
# with_broker.sh KIND COMMAND...: runs a command with a Kafka broker of its own; its addresses are in the environment.
# Without a JDK and Kafka's jars it skips, aloud; in CI that is a failure.
set -eu
kit=$(cd "$(dirname "$0")" && pwd)/kit
BASE_PORT=${BASE_PORT:-19490}
KAFKA_DATA=${KAFKA_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/libesm-kafka/test-$BASE_PORT}
export BASE_PORT KAFKA_DATA
kind=$1
shift

if ! "$kit/broker.sh" fetch; then
    echo "SKIPPED: no Kafka broker can be had here: it needs a JDK 17 or later, and Maven for the first start" >&2
    [ -z "${CI-}" ] || exit 1
    exit 77
fi
"$kit/broker.sh" wipe
trap '"$kit/broker.sh" wipe' EXIT
trap 'exit 130' INT TERM
addresses=$("$kit/broker.sh" start "$kind")
eval "$addresses"
# shellcheck disable=SC2163
for name in $(printf '%s\n' "$addresses" | sed 's/=.*//'); do export "$name"; done
"$@"
