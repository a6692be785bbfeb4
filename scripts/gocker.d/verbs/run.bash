# shellcheck shell=bash
# gocker run: make a container of an image and run a program in it
#
#   gocker run [OPTION]... IMAGE [COMMAND [ARGUMENT]...]
#
# Pulls the image where it is not in the local store yet. Without COMMAND the image's own runs. Ends
# with the exit code of the container's program (128 + N where signal N ended it), or with 125
# where the container did not come to be.
#
#   --rm                   remove the container when it has ended
#   -i, --interactive      let the program read this standard input (else it reads nothing)
#   -t, --tty              give the program a terminal (needs one here: -it in a shell)
#   -e, --env KEY=VALUE    set a variable; KEY alone takes the value it has here
#   -v, --volume SOURCE:DESTINATION[:ro]
#                          mount a host's directory or file in the container
#   -w, --workdir DIR      the program's working directory
#   -u, --user USER[:GROUP]
#                          names of the image or numbers
#   --entrypoint PROGRAM   in place of the image's entrypoint
#   --name NAME            a name for gocker ps and gocker rm
#   -h, --hostname NAME    default: the container's ID
#   --network none|host    no network but the loopback, or the host's
#   -m, --memory SIZE      limits: bytes, or with k, m, g
#   --cpus N               CPUs' worth of time, e.g. 1.5
#   --pids-limit N         processes and threads
#   --read-only            the root file system cannot be written to

# shellcheck source=scripts/gocker.d/containers.bash
. "$parts/containers.bash"
error_code=125

# Sets `value` to NAME=VALUE as this shell was given it; fails where it was not.
find_variable() {
  while IFS='' read -r -d '' value; do
    if [[ $value == "$1="* ]]; then return; fi
  done </proc/$$/environ
  return 1
}

# Adds what one option with a value means to bundle_options.
add_option() {
  local name=$1 value=$2
  case $name in
    -e | --env)
      if [[ $value != *=* ]]; then find_variable "$value" || return 0; fi
      bundle_options+=(-e "$value")
      ;;
    -v | --volume)
      if [[ $value == .* ]]; then value=$PWD/$value; fi
      bundle_options+=(-v "$value")
      ;;
    -w | --workdir) bundle_options+=(-w "$value") ;;
    -u | --user) bundle_options+=(-u "$value") ;;
    --entrypoint) bundle_options+=(--entrypoint "$value") ;;
    --name) name_wanted=$value ;;
    -h | --hostname) hostname=$value ;;
    --network | --net) bundle_options+=(--net "$value") ;;
    -m | --memory) bundle_options+=(--memory "$value") ;;
    --cpus) bundle_options+=(--cpus "$value") ;;
    --pids-limit) bundle_options+=(--pids "$value") ;;
  esac
}

# Reads the options; leaves IMAGE and what follows in `operands`.
parse_options() {
  remove=no interactive=no tty=no name_wanted='' hostname=''
  bundle_options=()
  while (($#)); do
    case $1 in
      --rm) remove=yes ;;
      -i | --interactive) interactive=yes ;;
      -t | --tty) tty=yes ;;
      -it | -ti) interactive=yes tty=yes ;;
      --read-only) bundle_options+=(--read-only) ;;
      -e | --env | -v | --volume | -w | --workdir | -u | --user | --entrypoint | --name | -h | \
        --hostname | --network | --net | -m | --memory | --cpus | --pids-limit)
        if (($# < 2)); then die "run: option '$1' needs a value"; fi
        add_option "$1" "$2"
        shift
        ;;
      --env=* | --volume=* | --workdir=* | --user=* | --entrypoint=* | --name=* | --hostname=* | \
        --network=* | --net=* | --memory=* | --cpus=* | --pids-limit=*)
        add_option "${1%%=*}" "${1#*=}"
        ;;
      --)
        shift
        break
        ;;
      -*) die "run: unknown option '$1'; gocker help run lists them" ;;
      *) break ;;
    esac
    shift
  done
  operands=("$@")
}

# Waits for the container; signals that reach this shell alone are passed on. A terminal sends its
# own to the whole process group, so gocker-runtime has those already.
wait_for() {
  local child=$1 signal interrupted signals=(TERM USR1 USR2)
  if [[ ! -t 0 ]]; then signals+=(INT QUIT HUP); else trap 'interrupted=yes' INT QUIT HUP; fi
  for signal in "${signals[@]}"; do
    # shellcheck disable=SC2064 # the values of now
    trap "interrupted=yes; kill -s $signal $child 2>/dev/null" "$signal"
  done
  while :; do
    interrupted=no
    wait "$child"
    exit_code=$?
    if [[ $interrupted == no ]]; then return; fi
  done
}

parse_options "$@"
if ((!${#operands[@]})); then die "run: which image? gocker help run tells more"; fi
reference=${operands[0]}
command=("${operands[@]:1}")
if [[ $tty == yes ]]; then
  if [[ $interactive == yes && ! -t 0 ]]; then
    die "run: -t with -i needs a terminal as standard input; leave out -t"
  fi
  bundle_options+=(-t)
fi

# The image comes first: gocker-image makes its store in an empty GOCKER_ROOT only.
if ! image inspect "$reference" >/dev/null 2>&1; then
  echo "gocker: $reference is not in the local store, pulling it" >&2
  image pull "$reference" >/dev/null || exit "$error_code"
fi

make_container
trap 'remove_container "$id"' EXIT # it did not get as far as running
if [[ -n $name_wanted ]]; then claim_name "$name_wanted"; fi
write_record "$reference" "$name_wanted" "${command[@]}"
bundle=$containers/$id/bundle
bundle_options+=(--hostname "${hostname:-$id}")
if ((${#command[@]})); then command=(-- "${command[@]}"); fi
image bundle "${bundle_options[@]}" "$reference" "$bundle" "${command[@]}" || exit "$error_code"

if [[ $interactive == no ]]; then exec </dev/null; fi
run=("$programs/gocker-runtime" --root "$GOCKER_RUN/runtime" run -b "$bundle" "$id")
if [[ $remove == no ]]; then
  trap - EXIT
  exec "${run[@]}"
fi
# A shell without job control ignores these two in what it starts in the background.
env --default-signal=INT,QUIT "${run[@]}" <&0 &
wait_for $!
trap - EXIT
remove_container "$id"
exit "$exit_code"
