#!/usr/bin/env bash
# Runs one fuzz target for a while.
#
#   tests/fuzz/run.sh PROGRAM SECONDS DIRECTORY
#
# The seeds are tests/fuzz/corpus/TARGET; what is found worth keeping goes to DIRECTORY/corpus/TARGET
# and serves the next run, findings go to DIRECTORY/findings. With 0 SECONDS only the known inputs are
# tried.
set -euo pipefail
program=$1 seconds=$2 directory=$3
target=$(basename "$program" -fuzz)
seeds=$(dirname "$(readlink -f "$0")")/corpus/$target
mkdir -p "$directory/corpus/$target" "$directory/findings"

time=(-max_total_time="$seconds")
if ((seconds == 0)); then time=(-runs=0); fi
TMPDIR=/dev/shm exec "$program" "${time[@]}" -timeout=60 -rss_limit_mb=2048 -max_len=8192 \
  -artifact_prefix="$directory/findings/$target-" -print_final_stats=1 -verbosity=1 \
  "$directory/corpus/$target" "$seeds"
