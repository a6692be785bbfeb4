# shellcheck shell=bash
# gocker ps: list containers
#
#   gocker ps [-a] [-q]
#
#   -a, --all     also those that do not run
#   -q, --quiet   only the IDs

# shellcheck source=scripts/gocker.d/containers.bash
. "$parts/containers.bash"

all=no quiet=no
for argument; do
  case $argument in
    -a | --all) all=yes ;;
    -q | --quiet) quiet=yes ;;
    -aq | -qa) all=yes quiet=yes ;;
    *) die "ps: unknown argument '$argument'; gocker help ps lists them" ;;
  esac
done

# "3 minutes ago", in `age`, for a time in seconds since the epoch.
describe_age() {
  local unit size count seconds=$((EPOCHSECONDS - $1))
  age='just now'
  for unit in day:86400 hour:3600 minute:60 second:1; do
    size=${unit#*:}
    if ((seconds >= size)); then
      count=$((seconds / size))
      age="$count ${unit%:*}$( ((count == 1)) || echo s) ago"
      return
    fi
  done
}

read_runtime_states
rows=()
for folder in "$containers"/*/; do
  folder=${folder%/}
  id=${folder##*/}
  if [[ $id == '*' ]]; then continue; fi
  read_record "$id"
  find_status "$id"
  if [[ $all == no && $status != running && $status != paused ]]; then continue; fi
  if ((${#record_command} > 30)); then record_command=${record_command:0:27}...; fi
  describe_age "$record_created"
  rows+=("$record_created"$'\t'"$id"$'\t'"${record_image:--}"$'\t'"${record_command:--}"$'\t'"$age"$'\t'"$status"$'\t'"${record_name:--}")
done

# The newest first.
if ((${#rows[@]})); then mapfile -t rows < <(printf '%s\n' "${rows[@]}" | sort -rn); fi

if [[ $quiet == yes ]]; then
  for row in "${rows[@]}"; do
    IFS=$'\t' read -r _ id _ <<<"$row"
    printf '%s\n' "$id"
  done
  exit
fi

titles=(ID IMAGE COMMAND CREATED STATUS NAME)
widths=()
for column in "${!titles[@]}"; do widths[column]=${#titles[column]}; done
for row in "${rows[@]}"; do
  IFS=$'\t' read -r -a cells <<<"${row#*$'\t'}"
  for column in "${!cells[@]}"; do
    if ((${#cells[column]} > widths[column])); then widths[column]=${#cells[column]}; fi
  done
done
layout=
for column in 0 1 2 3 4; do layout+="%-${widths[column]}s  "; done
# shellcheck disable=SC2059 # the layout is the format
printf "$layout%s\n" "${titles[@]}"
for row in "${rows[@]}"; do
  IFS=$'\t' read -r -a cells <<<"${row#*$'\t'}"
  # shellcheck disable=SC2059
  printf "$layout%s\n" "${cells[@]}"
done
