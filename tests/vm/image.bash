# shellcheck shell=bash
# Makes what a machine boots from: $image/{vmlinux,initrd,disk.raw}. $image is named after the hash of
# all that decides what is in it, so that a change of this file or of guest/ makes a new one.

suite=trixie
image_packages=(
  systemd systemd-sysv systemd-container libpam-systemd dbus dbus-user-session
  udev kmod procps iproute2 iptables nftables strace busybox-static jq
  uidmap acl attr libcap2-bin util-linux-extra ca-certificates python3
  libseccomp2 libcap2 libcurl4t64 libarchive13t64 libisal2 zlib1g libzstd1 libstdc++6 libgcc-s1
  apparmor criu libcriu2 runc crun podman conmon netavark aardvark-dns catatonit
  slirp4netns passt fuse-overlayfs docker-registry
)
# Nothing here needs them, and each takes time to start. Device nodes come from devtmpfs.
masked_units=(
  systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket
  systemd-udev-trigger.service systemd-udev-settle.service systemd-udev-load-credentials.service
  systemd-hwdb-update.service systemd-timesyncd.service systemd-networkd.service
  systemd-firstboot.service systemd-machine-id-commit.service systemd-remount-fs.service
  systemd-journal-flush.service systemd-journal-catalog-update.service systemd-random-seed.service
  systemd-update-done.service systemd-update-utmp.service systemd-sysusers.service
  systemd-pcrphase.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service
  systemd-pstore.service ldconfig.service getty.target getty@.service serial-getty@.service
  console-getty.service getty-static.service e2scrub_reap.service e2scrub_all.timer apt-daily.timer
  apt-daily-upgrade.timer fstrim.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer tmp.mount
  apparmor.service podman.socket podman.service podman-auto-update.timer podman-auto-update.service
  podman-restart.service podman-clean-transient.service docker-registry.service machines.target remote-fs.target
)
masked_user_units=(podman.socket podman-restart.service podman-auto-update.timer)

image=$cache/image-$(cat "$here"/image.bash "$here"/guest/* | sha256sum | cut -c1-12)

# Builds it unless it is there; at the same time only once.
build_image() {
  mkdir -p "$image"
  exec 8>"$image/lock"
  flock 8
  if [[ ! -e $image/complete ]]; then
    check_builder
    root=$image/root
    trap 'unmount_root; rm -rf "$root" "$image"/*.new' EXIT
    build_parts
    rm -rf "$root"
    trap - EXIT
    date +%s >"$image/complete"
    say "built $image, $(du -sh "$image" | cut -f1)"
    remove_old_images
  fi
  exec 8>&-
}

check_builder() {
  local tool
  if ((EUID != 0)); then die "the image is built as root"; fi
  for tool in debootstrap mke2fs qemu-img cpio zstd xz depmod "$qemu"; do
    if ! command -v "$tool" >/dev/null && [[ ! -x /sbin/$tool ]]; then
      die "$tool is missing; run: scripts/install-packages vm"
    fi
  done
}

# Images that no run has used for a week. Those in use have their lock held or are newer.
remove_old_images() {
  find "$cache" -mindepth 1 -maxdepth 1 -name 'image-*' -mtime +7 ! -path "$image" \
    -exec rm -rf {} +
}

build_parts() {
  local kernel_version
  unmount_root
  rm -rf "$root" "$image"/state-*
  mkdir -p "$root"
  say "building an image of Debian $suite in $image"
  logged "debootstrap" debootstrap --variant=minbase --merged-usr "$suite" "$root"
  prepare_chroot
  logged "apt-get update" in_root apt-get update
  logged "apt-get install" in_root apt-get -y install "${image_packages[@]}"
  install_kernel
  make_initrd
  configure_root
  strip_root
  make_disk
}

# logged NAME COMMAND [ARG]...
logged() {
  local name=$1
  shift
  if ! "$@" >>"$image/build.log" 2>&1; then
    tail -n 5 "$image/build.log" >&2
    die "$name failed, see $image/build.log"
  fi
}

in_root() {
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
    DEBIAN_FRONTEND=noninteractive "$@"
}

prepare_chroot() {
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  mknod -m 666 "$root/dev/null" c 1 3
  mknod -m 666 "$root/dev/zero" c 1 5
  mknod -m 666 "$root/dev/random" c 1 8
  mknod -m 666 "$root/dev/urandom" c 1 9
  ln -s /proc/self/fd "$root/dev/fd"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # starts no service
  chmod 755 "$root/usr/sbin/policy-rc.d"
  printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
    'path-exclude=/usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/vm"
  printf '%s\n' 'APT::Install-Recommends "false";' 'Acquire::Languages "none";' \
    >"$root/etc/apt/apt.conf.d/vm"
}

unmount_root() {
  local name
  for name in dev proc; do
    if mountpoint -q "$root/$name"; then umount "$root/$name"; fi
  done
}

# The files of the kernel's package alone, without its initramfs-tools. Debian's kernel for clouds
# has no 9p. What it has for hardware that this machine will never have is left out.
install_kernel() {
  local package unpacked=$root/var/tmp/kernel modules
  package=$(in_root apt-cache depends linux-image-amd64 |
    sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -1)
  mkdir -p "$unpacked"
  chmod 777 "$unpacked"
  logged "apt-get download" in_root sh -c \
    "cd /var/tmp/kernel && apt-get download $package && dpkg -x *.deb . && rm *.deb"
  modules=$(find "$unpacked" -path '*/lib/modules/*' -prune -print -quit)
  kernel_version=${modules##*/}
  find "$modules/kernel" -mindepth 1 -maxdepth 1 -name sound -exec rm -rf {} +
  find "$modules/kernel/drivers" -mindepth 1 -maxdepth 1 ! -name block ! -name virtio ! -name net \
    ! -name char ! -name md ! -name hwmon ! -name vhost ! -name infiniband -exec rm -rf {} +
  find "$modules/kernel/drivers/infiniband" -mindepth 1 -maxdepth 1 ! -name core ! -name sw \
    -exec rm -rf {} +
  find "$modules/kernel/drivers/net" -mindepth 1 -maxdepth 1 -type d ! -name bonding ! -name ipvlan \
    ! -name macvlan ! -name vxlan ! -name team ! -name wireguard -exec rm -rf {} +
  find "$modules" -name '*.ko.xz' -exec xz -d {} + # which is slow in the machine
  mkdir -p "$root/usr/lib/modules"
  mv "$modules" "$root/usr/lib/modules/"
  logged depmod depmod -b "$root" "$kernel_version"
  extract_kernel "$unpacked/boot/vmlinuz-$kernel_version"
  rm -rf "$unpacked"
}

# A bzImage holds the kernel as a compressed ELF file, which QEMU can start directly: that spares its
# decompression in the machine.
extract_kernel() {
  local offset
  while read -r offset; do
    tail -c +$((offset + 1)) "$1" | zstd -dcq >"$image/vmlinux" 2>/dev/null || true
    if [[ $(head -c 4 "$image/vmlinux" | tr -d '\0') == $'\x7fELF' ]]; then return; fi
  done < <(LC_ALL=C grep -aboP '\x28\xb5\x2f\xfd' "$1" | LC_ALL=C cut -d: -f1)
  die "there is no kernel that zstd compressed in ${1##*/}"
}

make_initrd() {
  local tree=$root/var/tmp/initrd module count=10
  mkdir -p "$tree"/{bin,dev,new,modules}
  cp "$root/usr/bin/busybox" "$tree/bin/"
  install -m 755 "$here/guest/initrd-init" "$tree/init"
  # In the order in which modprobe would load them.
  for module in virtio_pci virtio_blk ext4 virtio_rng 9p 9pnet_virtio overlay; do
    in_root modprobe -S "$kernel_version" --show-depends "$module" 2>/dev/null || true
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$image/modules.new"
  while read -r module; do
    cp "$root$module" "$tree/modules/$((count++))-${module##*/}"
  done <"$image/modules.new"
  (cd "$tree" && find . | cpio -o -H newc --quiet) >"$image/initrd"
  rm -rf "$tree" "$image/modules.new"
}

configure_root() {
  local etc=$root/etc unit
  echo vm >"$etc/hostname"
  printf '127.0.0.1 localhost vm\n::1 localhost\n' >"$etc/hosts"
  : >"$etc/fstab"
  : >"$etc/resolv.conf"
  echo 0123456789abcdef0123456789abcdef >"$etc/machine-id"
  in_root useradd -m -u 1000 -s /bin/bash user
  echo user:100000:65536 | tee "$etc/subuid" >"$etc/subgid"
  mkdir -p "$root/var/lib/systemd/linger" "$etc/systemd/user" \
    "$etc"/systemd/{system.conf.d,journald.conf.d,system/user@.service.d,system/multi-user.target.wants}
  : >"$root/var/lib/systemd/linger/user"
  # Every controller for the user's systemd, not only cpu, memory and pids.
  printf '[Service]\nDelegate=cpu cpuset io memory pids\n' \
    >"$etc/systemd/system/user@.service.d/delegate.conf"
  printf '[Manager]\nDefaultTimeoutStopSec=10s\nShowStatus=no\n' >"$etc/systemd/system.conf.d/vm.conf"
  printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >"$etc/systemd/journald.conf.d/vm.conf"
  printf 'kernel.unprivileged_userns_clone=1\nnet.ipv4.ip_forward=1\n' >"$etc/sysctl.d/50-vm.conf"
  printf '%s\n' overlay fuse tun loop veth bridge bfq rdma_rxe >"$etc/modules-load.d/vm.conf"
  for unit in "${masked_units[@]}"; do ln -sf /dev/null "$etc/systemd/system/$unit"; done
  for unit in "${masked_user_units[@]}"; do ln -sf /dev/null "$etc/systemd/user/$unit"; done
  install -m 644 "$here/guest/job.service" "$etc/systemd/system/"
  ln -s ../job.service "$etc/systemd/system/multi-user.target.wants/"
  ln -sf /lib/systemd/system/multi-user.target "$etc/systemd/system/default.target"
  install -m 755 "$here/guest/run-job" "$root/usr/local/lib/"
  install -m 755 "$here/guest/asuser" "$root/usr/local/bin/"
}

strip_root() {
  unmount_root
  rm -rf "$root"/usr/share/{doc,man,locale,info} "$root"/var/lib/apt/lists/* \
    "$root"/var/cache/apt/{*.bin,archives/*.deb} "$root/usr/sbin/policy-rc.d" \
    "$root/etc/dpkg/dpkg.cfg.d/vm"
}

make_disk() {
  rm -f "$image/disk.new"
  truncate -s 8G "$image/disk.new"
  logged mke2fs mke2fs -q -t ext4 -L vm -O ^has_journal,^metadata_csum -m 0 -N 400000 \
    -E lazy_itable_init=0,root_owner=0:0 -d "$root" "$image/disk.new"
  mv "$image/disk.new" "$image/disk.raw"
}
