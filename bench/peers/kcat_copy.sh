#!/bin/sh
# A peer of the bench: one `kcat | kcat` a partition, six at a time. Values must not hold line feeds. kcat knows no
# committed offsets: it is told the ranges, partition:start:count each.
# usage: kcat_copy.sh SOURCE TARGET TOPIC CODEC RANGE...
set -eu
export SOURCE="$1" TARGET="$2" TOPIC="$3" CODEC="$4"
shift 4
printf '%s\n' "$@" | xargs -P 6 -I RANGE sh -c '
  set -eu
  range=RANGE
  partition=${range%%:*} rest=${range#*:}
  kcat -C -q -e -b "$SOURCE" -t "$TOPIC" -p "$partition" -o "${rest%:*}" -c "${rest#*:}" \
    -X fetch.message.max.bytes=8388608 -X fetch.max.bytes=33554432 \
    -X queued.min.messages=1000000 -X queued.max.messages.kbytes=65536 |
  kcat -P -b "$TARGET" -t "$TOPIC" -p "$partition" -z "$CODEC" \
    -X acks=all -X enable.idempotence=true -X linger.ms=20 -X batch.size=1000000 \
    -X batch.num.messages=100000 -X queue.buffering.max.messages=1000000
'
