#!/bin/sh
# SPDX-License-Identifier: MIT
# Kafka's own command-line tools on the broker that broker.sh started.
#
#   kafka-admin.sh topics|configs|groups|acls|delete-records|offsets|consume|perf|dump-log ...
#   kafka-admin.sh transact TOPIC commit:N|abort:N|open:N ...
#
# The arguments are those of kafka-topics.sh, kafka-configs.sh and so on, less the
# bootstrap server. transact writes one transaction of N records for every word.
# Environment: as for broker.sh, and KAFKA_BOOTSTRAP.
set -eu
kit=$(cd "$(dirname "$0")" && pwd)
. "$kit/common.sh"

bootstrap=${KAFKA_BOOTSTRAP:-127.0.0.1:$((BASE_PORT + 2))}
tools=org.apache.kafka.tools
admin=$tools
dump=$tools
props=--command-property
[ "$KAFKA_SERIES" = 4 ] || admin=kafka.admin dump=kafka.tools props=--producer-props

command=${1-}
[ $# -eq 0 ] || shift
case $command in
topics)         class=$tools.TopicCommand ;;
configs)        class=$admin.ConfigCommand ;;
groups)         class=$tools.consumer.group.ConsumerGroupCommand ;;
acls)           class=$admin.AclCommand ;;
delete-records) class=$tools.DeleteRecordsCommand ;;
offsets)        class=$tools.GetOffsetShell ;;
consume)        class=$tools.consumer.ConsoleConsumer ;;
perf)           class=$tools.ProducerPerformance ;;
dump-log)       class=$dump.DumpLogSegments ;;
transact)       class=$kit/Transact.java ;;
*)
    sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2
    exit 2 ;;
esac
case $command in
perf)     set -- "$@" $props "bootstrap.servers=$bootstrap" ;;
transact) set -- "$bootstrap" "$@" ;;
dump-log) ;;
*)        set -- --bootstrap-server "$bootstrap" "$@" ;;
esac

need_jars
exec "$JAVA" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
    -D"$logging" -cp "$JARS/*" "$class" "$@"
