#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a real Kafka broker (KRaft) for the suite `kafka`.
#
#   broker.sh fetch                             only fills the jar cache
#   broker.sh start single|cluster|secure|acl   prints KAFKA_*=address lines
#   broker.sh status                            the same lines, or fails
#   broker.sh kill-node N | start-node N        kill -9 one node, bring it back
#   broker.sh pause-node N | resume-node N      a node that hangs, and comes to again
#   broker.sh stop                              ends the brokers, keeps the data
#   broker.sh wipe                              stop, and removes the data
#
# Environment: BASE_PORT (19090), KAFKA_SERIES (4 or 3.9), KAFKA_DATA, KAFKA_JARS,
# KAFKA_HEAP (-Xms64m -Xmx384m), KAFKA_TIMEOUT (seconds to wait for a start, 60), JAVA.
set -eu
kit=$(cd "$(dirname "$0")" && pwd)
. "$kit/common.sh"

cluster_id=MkU3OEVBNTcwNTJENDM2Qk
heap=${KAFKA_HEAP:--Xms64m -Xmx384m}
timeout=${KAFKA_TIMEOUT:-60}

port() { echo $((BASE_PORT + 10 * ($1 - 1) + $2)); }        # of node $1, listener $2
kind() { cat "$DATA/kind" 2>/dev/null; }
nodes() { if [ "$(kind)" = "cluster $KAFKA_SERIES" ]; then echo 1 2 3; else echo 1; fi; }

# Sets pid if node $1 runs; a pid that now belongs to something else does not count.
running() {
    pid=$(cat "$DATA/node$1/pid" 2>/dev/null) &&
        grep -qF "$DATA/node$1/server.properties" "/proc/$pid/cmdline" 2>/dev/null
}

any_running() { for n in 1 2 3; do if running $n; then return 0; fi; done; return 1; }

java() { # node, class, arguments
    dir=$DATA/node$1; shift
    # shellcheck disable=SC2086
    exec "$JAVA" $heap -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
        -Djava.io.tmpdir="$dir/tmp" -D"$logging" -cp "$JARS/*" "$@"
}

write_properties() { # kind, node
    dir=$DATA/node$2
    if [ "$1" = cluster ]; then
        rf=3 isr=2
        voters=1@127.0.0.1:$(port 1 3),2@127.0.0.1:$(port 2 3),3@127.0.0.1:$(port 3 3)
    else
        rf=1 isr=1 voters=1@127.0.0.1:$(port 1 3)
    fi
    mkdir -p "$dir/tmp"
    {
        cat "$kit/broker.properties"
        case $1 in
        single|cluster) cat "$kit/plain.properties" ;;
        secure) cat "$kit/secure.properties" ;;
        acl) cat "$kit/secure.properties" "$kit/acl.properties" ;;
        esac
    } | sed -e "s|@NODE@|$2|g; s|@DIR@|$dir|g; s|@CERTS@|$CERTS|g; s|@VOTERS@|$voters|g" \
        -e "s|@RF@|$rf|g; s|@ISR@|$isr|g" \
        -e "s|@PORT2@|$(port $2 2)|g; s|@PORT3@|$(port $2 3)|g; s|@PORT4@|$(port $2 4)|g" \
        -e "s|@PORT5@|$(port $2 5)|g; s|@PORT6@|$(port $2 6)|g; s|@PORT7@|$(port $2 7)|g" \
        >"$dir/server.properties"
}

format() { # kind, node
    dir=$DATA/node$2
    set -- "$1" "$2" format -t $cluster_id -c "$dir/server.properties"
    case $1 in
    secure|acl)
        for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
            set -- "$@" --add-scram "$mechanism=[name=esm,password=esm-secret]"
        done ;;
    esac
    node=$2; shift 2
    java "$node" kafka.tools.StorageTool "$@" >"$dir/format.log" 2>&1
}

launch() { # node
    dir=$DATA/node$1
    ( trap '' HUP; java "$1" kafka.Kafka "$dir/server.properties" ) \
        </dev/null >"$dir/broker.log" 2>&1 &
    echo $! >"$dir/pid"
}

await() { # node
    i=0
    until grep -q 'Kafka Server started' "$DATA/node$1/broker.log"; do
        if [ $i -ge $((timeout * 5)) ] || { [ $i -gt 10 ] && ! running "$1"; }; then
            tail -n 20 "$DATA/node$1/broker.log" >&2
            die "node $1 did not start; its log is $DATA/node$1/broker.log"
        fi
        i=$((i + 1))
        sleep 0.2
    done
}

print_addresses() {
    case $(kind) in
    cluster*) echo "KAFKA_BOOTSTRAP=127.0.0.1:$(port 1 2),127.0.0.1:$(port 2 2),127.0.0.1:$(port 3 2)" ;;
    *) echo "KAFKA_BOOTSTRAP=127.0.0.1:$(port 1 2)" ;;
    esac
    case $(kind) in secure*|acl*)
        echo "KAFKA_TLS=localhost:$(port 1 4)"
        echo "KAFKA_MTLS=localhost:$(port 1 5)"
        echo "KAFKA_SASL_SSL=localhost:$(port 1 6)"
        echo "KAFKA_SASL_PLAINTEXT=127.0.0.1:$(port 1 7)"
        echo "KAFKA_CERTS='$CERTS'" ;;
    esac
}

start() { # kind
    wanted="$1 $KAFKA_SERIES"
    if [ -f "$DATA/kind" ] && [ "$(kind)" != "$wanted" ]; then
        die "$DATA holds the data of '$(kind)'; wipe it first"
    fi
    if any_running; then die "already running; stop it first"; fi
    need_jars
    mkdir -p "$DATA"
    echo "$wanted" >"$DATA/kind"
    case $1 in secure|acl) [ -d "$CERTS" ] || "$kit/mkcerts.sh" "$CERTS" ;; esac

    trap 'stop -TERM; wait' EXIT            # whatever goes wrong leaves no broker behind
    trap 'exit 130' INT TERM
    for n in $(nodes); do
        write_properties "$1" "$n"
        [ -f "$DATA/node$n/log/meta.properties" ] || format "$1" "$n" &
    done
    wait
    for n in $(nodes); do
        [ -f "$DATA/node$n/log/meta.properties" ] ||
            { tail -n 20 "$DATA/node$n/format.log" >&2; die "could not format node $n"; }
        launch "$n"
    done
    for n in $(nodes); do await "$n"; done
    trap - EXIT INT TERM
    print_addresses
}

# Waits for the end of a process that was told to end; its ports are free only then.
await_end() { # pid
    i=0
    until ended "$1" || [ $i -ge 50 ]; do i=$((i + 1)); sleep 0.1; done
}

ended() { # pid: gone, or a zombie without threads
    kill -0 "$1" 2>/dev/null || return 0
    grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null || return 1
    set -- "/proc/$1/task"/*
    [ $# -eq 1 ]
}

stop() { # signal
    pids=
    for n in 1 2 3; do if running $n; then kill "$1" "$pid"; pids="$pids $pid"; fi; done
    i=0
    while any_running; do
        [ $i -lt 25 ] || kill -9 "$pid"
        i=$((i + 1))
        sleep 0.2
    done
    for pid in $pids; do await_end "$pid"; done
    rm -f "$DATA"/node[123]/pid
}

one_node() { # N
    case " $(nodes) " in *" $1 "*) ;; *) die "no node '$1' here" ;; esac
}

case "${1-} ${2-}" in
"fetch ")
    need_jars ;;
"start single"|"start cluster"|"start secure"|"start acl")
    start "$2" ;;
"status ")
    any_running || die "not running"
    print_addresses ;;
"kill-node "?)
    one_node "$2"
    running "$2" || die "node $2 does not run"
    kill -9 "$pid"
    await_end "$pid"
    rm -f "$DATA/node$2/pid" ;;
"pause-node "?|"resume-node "?)
    one_node "$2"
    running "$2" || die "node $2 does not run"
    case $1 in pause-node) kill -STOP "$pid" ;; *) kill -CONT "$pid" ;; esac ;;
"start-node "?)
    one_node "$2"
    if running "$2"; then die "node $2 runs already"; fi
    launch "$2"
    await "$2" ;;
"stop ")
    stop -TERM ;;
"wipe ")
    stop -KILL
    rm -rf "$DATA"/node[123] "$CERTS"
    rm -f "$DATA/kind"
    rmdir "$DATA" 2>/dev/null || true ;;
*)
    sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2
    exit 2 ;;
esac
