# shellcheck shell=bash
# Containers: their records and how they are found.
#
#   $GOCKER_ROOT/containers/ID/bundle   what gocker-runtime runs; gocker-image's to make and unmake
#   $GOCKER_ROOT/containers/ID/record   what the wrapper knows: KEY=VALUE lines, see write_record
#   $GOCKER_ROOT/names/NAME             holds the ID of the container of that name
#
# Whether a container runs is asked of gocker-runtime, never remembered.

containers=$GOCKER_ROOT/containers
names=$GOCKER_ROOT/names

# Makes the folder of a new container and sets `id`, 12 hexadecimal digits.
make_container() {
  local problem
  if [[ ! -d $containers || ! -d $names ]]; then
    problem=$(mkdir -p -- "$containers" "$names" 2>&1) || die "${problem#mkdir: }"
  fi
  while :; do
    printf -v id '%04x%08x' $((SRANDOM & 0xffff)) "$SRANDOM"
    if [[ ! -e $containers/$id ]]; then break; fi
  done
  problem=$(mkdir -m 0711 -- "$containers/$id" 2>&1) || die "${problem#mkdir: }"
}

# The start time of a process in clock ticks since boot, in `start_time`; fails where there is no
# such process. With the pid it names a process for good.
read_start_time() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The second field is the program's name in brackets and may hold blanks; the 22nd is wanted.
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  start_time=${20}
}

# write_record IMAGE NAME [COMMAND...]: of the container `id`, run by this very process.
write_record() {
  local start_time command="${*:3}"
  read_start_time $$
  umask 077 # the command may hold what others should not read
  {
    printf 'image=%s\n' "$1"
    printf 'name=%s\n' "$2"
    printf 'command=%s\n' "${command//[[:cntrl:]]/ }"
    printf 'created=%s\n' "$EPOCHSECONDS"
    printf 'process=%s %s\n' $$ "$start_time"
  } >"$containers/$id/record"
  umask 022
}

# Sets record_image, record_name, record_command, record_created and record_process of $1.
read_record() {
  local key value
  record_image='' record_name='' record_command='' record_created=0 record_process=''
  if [[ ! -f $containers/$1/record ]]; then return; fi
  while IFS='=' read -r key value; do
    case $key in
      image) record_image=$value ;;
      name) record_name=$value ;;
      command) record_command=$value ;;
      created) record_created=$value ;;
      process) record_process=$value ;;
    esac
  done <"$containers/$1/record"
}

# Gives the container `id` a name; dies where another one has it.
claim_name() {
  local name=$1 owner=''
  if [[ ! $name =~ ^[a-zA-Z0-9][a-zA-Z0-9_.-]*$ ]]; then
    die "'$name' is no name for a container: letters, digits, '_', '.' and '-' only"
  fi
  # With noclobber the shell opens with O_EXCL: of two who claim a name one gets it.
  while ! (set -o noclobber && printf '%s\n' "$id" >"$names/$name") 2>/dev/null; do
    owner=
    { read -r owner <"$names/$name"; } 2>/dev/null
    if [[ -z $owner ]]; then die "name '$name': cannot write $names/$name"; fi
    if [[ -d $containers/$owner ]]; then
      die "name '$name' is taken by container $owner; gocker rm $name removes it"
    fi
    rm -f -- "$names/$name" # its container is gone
  done
}

# Sets `found` to the ID of the container that $1 means: an ID, a name, or the beginning of one ID.
find_container() {
  local matches
  if [[ ! $1 =~ ^[a-zA-Z0-9][a-zA-Z0-9_.-]*$ ]]; then die "no container '$1'"; fi
  if [[ -d $containers/$1 ]]; then
    found=$1
    return
  fi
  if [[ -f $names/$1 ]] && read -r found <"$names/$1" && [[ -d $containers/$found ]]; then return; fi
  shopt -s nullglob
  matches=("$containers/$1"*)
  shopt -u nullglob
  case ${#matches[@]} in
    0) die "no container '$1'; gocker ps -a lists them" ;;
    1) found=${matches[0]##*/} ;;
    *) die "'$1' begins the IDs of ${#matches[@]} containers; give more of it" ;;
  esac
}

# Fills the associative array `runtime_states` with what gocker-runtime knows: ID -> status.
declare -A runtime_states
read_runtime_states() {
  local state_id pid status rest listing
  runtime_states=()
  if [[ ! -d $GOCKER_RUN/runtime ]]; then return; fi
  listing=$(runtime list) || exit 1
  while read -r state_id pid status rest; do
    if [[ $pid =~ ^[0-9]+$ ]]; then runtime_states[$state_id]=$status; fi
  done <<<"$listing"
}

# Sets `status` of container $1, after read_runtime_states and read_record: created, running,
# paused or stopped as gocker-runtime has it; `busy` while gocker run makes or removes it.
find_status() {
  local start_time
  status=${runtime_states[$1]-}
  if [[ -n $status ]]; then return; fi
  status=stopped
  if [[ -n $record_process ]] && read_start_time "${record_process% *}" &&
    [[ $start_time == "${record_process#* }" ]]; then
    status=busy
  fi
}

# Removes the bundle, the name and the record of $1, whose processes are gone already. Somebody else
# may do the same at this moment: gocker run --rm where gocker rm -f ended its container.
remove_container() {
  local folder=$containers/$1 owner
  if [[ -e $folder/bundle ]]; then image unbundle "$folder/bundle" || return 1; fi
  read_record "$1"
  if [[ -n $record_name ]] && { read -r owner <"$names/$record_name"; } 2>/dev/null &&
    [[ $owner == "$1" ]]; then
    rm -f -- "$names/$record_name"
  fi
  rm -f -- "$folder/record"
  if ! rmdir -- "$folder" 2>/dev/null && [[ -d $folder ]]; then
    die "container $1: $folder holds more than gocker put there"
  fi
}
