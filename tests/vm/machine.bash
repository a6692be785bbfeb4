# shellcheck shell=bash
# Starts a machine from the image, or from one that was saved when it had booted, and runs a job in it.
# guest/run-job is the other end.

# The part of QEMU's command line that a saved machine depends on. One thread for both processors:
# several of QEMU 7.2's race with a kernel that patches its own code, and the machine panics.
compose_machine() {
  local kernel_arguments="console=ttyS0 panic=-1 oops=panic reboot=t rw tsc=reliable clocksource=tsc
    no_timer_check mitigations=off random.trust_cpu=on systemd.unified_cgroup_hierarchy=1
    apparmor=1 security=apparmor"
  if [[ $verbose == yes ]]; then
    kernel_arguments+=" systemd.show_status=1"
  else
    kernel_arguments+=" quiet loglevel=3"
  fi
  machine=("$qemu" -M "pc,usb=off,vmport=off" -accel "tcg,thread=single" -cpu Nehalem-v1
    -m "$memory" -smp 2 -nodefaults -no-user-config -display none -no-reboot
    -kernel "$image/vmlinux" -initrd "$image/initrd"
    -device "virtio-blk-pci,drive=disk" -device virtio-serial-pci
    -device "virtserialport,chardev=output,name=output"
    -device "virtserialport,chardev=error,name=error" -device virtio-rng-pci
    -fsdev "local,id=host,path=/,security_model=passthrough,multidevs=remap"
    -device "virtio-9p-pci,fsdev=host,mount_tag=host"
    -append "${kernel_arguments//$'\n'/ }")
}

# Boots once, waits until everything is up, and saves the machine: its memory as $state/memory, what
# it wrote to its disk as $state/disk.
save_machine() {
  local new=$state.new tries
  rm -rf "$new"
  mkdir -p "$new"
  qemu-img create -q -f qcow2 -b "$image/disk.raw" -F raw "$new/disk"
  mkfifo "$new/monitor.in" "$new/monitor.out"
  "${machine[@]:0:${#machine[@]}-1}" "${machine[-1]} vm.warm" \
    -drive "if=none,id=disk,format=qcow2,cache=unsafe,file=$new/disk" \
    -chardev file,id=output,path=/dev/null -chardev file,id=error,path=/dev/null \
    -serial "file:$new/console" -chardev "pipe,id=monitor,path=$new/monitor" \
    -mon chardev=monitor,mode=readline </dev/null >"$new/qemu.log" 2>&1 9>&- &
  process=$!
  exec 7<>"$new/monitor.out" 6<>"$new/monitor.in"
  for ((tries = 0; tries < 1800; tries++)); do
    if grep -qs vm-ready "$new/console" || ! kill -0 $process 2>/dev/null; then break; fi
    sleep 0.1
  done
  if grep -qs vm-ready "$new/console"; then
    sleep 2
    printf '%s\n' 'migrate_set_parameter max-bandwidth 100G' "migrate \"exec:cat >$new/memory\"" \
      quit >&6
    for ((tries = 0; tries < 900; tries++)); do
      kill -0 $process 2>/dev/null || break
      sleep 0.1
    done
  fi
  kill $process 2>/dev/null || true
  wait $process 2>/dev/null || true
  process=
  exec 7>&- 6>&-
  if [[ ! -s $new/memory ]]; then return 1; fi
  rm "$new"/monitor.*
  mv "$new" "$state"
}

# On a very busy host a booting machine may misjudge its timers, so there is a second try.
find_saved_machine() {
  local key
  key=$(printf '%s\n' "${machine[@]}" "$($qemu --version)" "$(<"$image/complete")" \
    "$(grep -m1 'model name' /proc/cpuinfo)" | sha256sum | cut -c1-12)
  state=$image/state-$key
  if [[ -e $state/memory ]]; then return; fi
  exec 9>"$state.lock"
  flock 9
  if [[ ! -e $state/memory ]]; then
    say "saving a machine that has booted (once)"
    if ! save_machine && ! save_machine; then
      tail -n 20 "$state.new/console" "$state.new/qemu.log" >&2 || true
      die "the machine did not boot"
    fi
  fi
  exec 9>&-
}

# Reads the options of `run`; the rest is left in `command`.
parse_run() {
  local option
  while getopts ':d:t:C:e:u:cv' option; do
    case $option in
      d)
        if [[ ! -d $OPTARG ]]; then die "-d $OPTARG: not a directory"; fi
        shared+=("$(realpath -s "$OPTARG")" "$(readlink -f "$OPTARG")")
        ;;
      t) limit=$OPTARG ;;
      C) directory=$OPTARG ;;
      e)
        if [[ $OPTARG == *=* ]]; then
          variables+=("$OPTARG")
        elif [[ -v $OPTARG ]]; then
          variables+=("$OPTARG=${!OPTARG}")
        fi
        ;;
      u) user=$OPTARG ;;
      c) cold=yes ;;
      v) cold=yes verbose=yes ;;
      *) die "run: unknown option, or one without its value: -$OPTARG" ;;
    esac
  done
  if [[ ! $limit =~ ^[0-9]+$ ]]; then die "-t $limit: not a number of seconds"; fi
  shift $((OPTIND - 1))
  case $# in
    0) die "run: no command" ;;
    1) command=$1 ;;
    *) printf -v command '%q ' "$@" ;;
  esac
}

write_job() {
  printf '%s' "$command" >"$job/command"
  printf '%s' "$user" >"$job/user"
  printf '%s' "$directory" >"$job/directory"
  touch "$job/shared" "$job/variables"
  if ((${#shared[@]})); then printf '%s\0' "${shared[@]}" >"$job/shared"; fi
  if ((${#variables[@]})); then printf '%s\0' "${variables[@]}" >"$job/variables"; fi
}

# On exit.
clean_up() {
  if [[ $process ]]; then kill "$process" 2>/dev/null || true; fi
  if [[ $job ]]; then rm -rf "$job"; fi
}

# Runs QEMU until the machine ends; its exit code in `ended`.
start_qemu() {
  local output error
  mkfifo "$job"/{line,output,error}
  # Open for both, so that there is no end of file: QEMU would take the port for closed.
  exec 6<>"$job/line"
  echo "$job" >&6
  cat "$job/output" &
  output=$!
  cat "$job/error" >&2 &
  error=$!
  if [[ $verbose == yes ]]; then
    mkfifo "$job/console"
    cat "$job/console" >&2 &
  fi
  TMPDIR=$job nice timeout -k 5 "$limit" "${machine[@]}" \
    -drive "if=none,id=disk,format=$format,cache=unsafe,snapshot=on,file=$disk" \
    -chardev stdio,id=output,signal=off -chardev "file,id=error,path=$job/error" \
    -serial "file:$job/console" <&6 >"$job/output" 2>"$job/qemu.log" &
  process=$!
  ended=0
  wait $process || ended=$?
  process=
  : 3<>"$job/error" || true
  wait $output $error 2>/dev/null || true
}

run_machine() {
  local shared=() variables=() limit=600 directory='' user='' cold=no verbose=no command=''
  local disk=$image/disk.raw format=raw machine state
  parse_run "$@"
  build_image
  process='' job=''
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  touch "$image"
  compose_machine
  if [[ $cold == no ]]; then
    find_saved_machine
    disk=$state/disk format=qcow2
    machine+=(-incoming "exec:cat '$state/memory'")
  fi
  job=$(readlink -f "$(mktemp -d "${TMPDIR:-/tmp}/gocker-vm.XXXXXX")")
  write_job
  start_qemu
  if [[ -s $job/code ]]; then exit "$(<"$job/code")"; fi
  if ((ended == 124 || ended == 137)); then
    say "the time of $limit s is up"
    exit 124
  fi
  tail -n 30 "$job/qemu.log" >&2
  if [[ -f $job/console ]]; then tail -n 30 "$job/console" >&2; fi
  die "the machine ended without an exit code (QEMU's is $ended)"
}
