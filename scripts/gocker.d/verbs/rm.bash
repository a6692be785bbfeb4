# shellcheck shell=bash
# gocker rm: remove containers
#
#   gocker rm [-f] CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name. What the container wrote goes with it.
#
#   -f, --force   also where it runs: its processes are killed

# shellcheck source=scripts/gocker.d/containers.bash
. "$parts/containers.bash"

force=no
while (($#)); do
  case $1 in
    -f | --force) force=yes ;;
    --)
      shift
      break
      ;;
    -*) die "rm: unknown option '$1'; gocker help rm lists them" ;;
    *) break ;;
  esac
  shift
done
if ((!$#)); then die "rm: which container? gocker ps -a lists them"; fi

# Removes one container, or says why not.
remove_one() {
  local found status
  find_container "$1"
  read_record "$found"
  find_status "$found"
  case $status in
    stopped) ;;
    busy) die "rm: container $1 is being made or removed by process ${record_process% *}" ;;
    *)
      if [[ $force == no ]]; then die "rm: container $1 is $status; gocker rm -f kills it first"; fi
      ;;
  esac
  if [[ -n ${runtime_states[$found]-} ]]; then runtime delete --force "$found" || exit 1; fi
  remove_container "$found" || exit 1
  printf '%s\n' "$1"
}

read_runtime_states
failed=no
# Each in a subshell, so that one that fails does not keep the others.
for container; do (remove_one "$container") || failed=yes; done
if [[ $failed == yes ]]; then exit 1; fi
