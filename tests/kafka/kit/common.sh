# SPDX-License-Identifier: MIT
# Sourced by broker.sh and kafka-admin.sh: where things are, and the jars.

BASE_PORT=${BASE_PORT:-19090}
KAFKA_SERIES=${KAFKA_SERIES:-4}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libesm-kafka
DATA=${KAFKA_DATA:-$cache/data-$BASE_PORT}
JARS=${KAFKA_JARS:-$cache/jars-$KAFKA_SERIES-$(cksum <"$kit/pom.xml" | cut -d' ' -f1)}
CERTS=$DATA/certs
JAVA=${JAVA:-java}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

case $KAFKA_SERIES in
4)   profile=kafka4  logging=log4j2.configurationFile=$kit/log4j2.properties ;;
3.9) profile=kafka39 logging=log4j.configuration=file:$kit/log4j.properties ;;
*)   die "KAFKA_SERIES is 4 or 3.9, not '$KAFKA_SERIES'" ;;
esac

# Fetches the jars once; a half-finished download is never taken for a cache.
need_jars() {
    [ ! -d "$JARS" ] || return 0
    mkdir -p "$(dirname "$JARS")"
    tmp=$(mktemp -d "$JARS.XXXXXX")
    echo "fetching Kafka $KAFKA_SERIES" >&2
    mvn -B -q -f "$kit/pom.xml" -P "$profile" \
        dependency:copy-dependencies -DoutputDirectory="$tmp" >&2 ||
        { rm -rf "$tmp"; die "Maven failed"; }
    chmod 755 "$tmp"
    if [ -d "$JARS" ]; then rm -rf "$tmp"; else mv "$tmp" "$JARS"; fi   # another one was faster
}
