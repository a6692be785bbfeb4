"""What a container may do: users, capabilities, seccomp, devices, namespaces."""

import json
import os

from engine import IMAGE, case, contains, equal


def status(podman, field, *options):
    """A field of /proc/self/status in a container."""
    return podman.sh(f"grep ^{field}: /proc/self/status", *options).split()[1]


@case("user: names, numbers, groups")
def users(podman):
    equal(podman.sh("id", "--user", "ann"),
          "uid=1000(ann) gid=1001(staff) groups=1001(staff),1002(extra)", "by name")
    equal(podman.sh("id -u; id -G", "--user", "7:8"), "7\n8", "by numbers")
    equal(podman.sh("id -G", "--user", "ann", "--group-add", "77"), "1001 77 1002", "added group")
    podman.fails("run", "--rm", "--user", "nobody-knows", IMAGE, "id", code=126, says="nobody-knows")


@case("user: --group-add keep-groups")
def keep_groups(podman):
    contains(podman.sh("id -G", "--group-add", "keep-groups"), "0")


@case("capabilities: podman's defaults, none, one, all")
def capabilities(podman):
    equal(status(podman, "CapEff", "--cap-drop", "all"), "0" * 16, "none")
    equal(status(podman, "CapEff", "--cap-drop", "all", "--cap-add", "net_bind_service"),
          f"{1 << 10:016x}", "one")
    assert int(status(podman, "CapEff", "--cap-add", "all"), 16) >> 21 & 1, "no CAP_SYS_ADMIN"
    equal(status(podman, "CapEff", "--user", "ann"), "0" * 16, "of another user")
    equal(status(podman, "CapAmb", "--user", "ann", "--cap-add", "net_raw"), f"{1 << 13:016x}", "ambient")


@case("no new privileges")
def no_new_privileges(podman):
    equal(status(podman, "NoNewPrivs"), "0", "default")
    equal(status(podman, "NoNewPrivs", "--security-opt", "no-new-privileges"), "1", "asked for")


@case("seccomp: podman's profile, one's own, none")
def seccomp(podman):
    equal(status(podman, "Seccomp"), "2", "default")
    equal(status(podman, "Seccomp", "--security-opt", "seccomp=unconfined"), "0", "unconfined")
    profile = podman.folder / "profile.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}))
    done = podman.try_run("run", "--rm", "--security-opt", f"seccomp={profile}", IMAGE, "mkdir", "/x")
    equal(done.returncode, 1, "exit code")
    contains(done.stderr, "Function not implemented")


@case("seccomp: with no-new-privileges, and as another user")
def seccomp_combined(podman):
    options = ("--security-opt", "no-new-privileges", "--user", "ann", "--cap-drop", "all")
    equal(status(podman, "Seccomp", *options), "2", "mode")


@case("read-only: the root can't be written, the temporary folders can")
def read_only(podman):
    podman.sh("touch /x", "--read-only", code=1)
    podman.sh("touch /tmp/x /run/x /dev/shm/x", "--read-only")
    podman.sh("touch /tmp/x", "--read-only", "--read-only-tmpfs=false", code=1)


@case("masked and read-only paths, and without them")
def masked(podman):
    equal(podman.sh("cat /proc/timer_list /proc/keys | wc -c"), "0", "masked files")
    podman.sh("echo 1 >/proc/sys/kernel/panic", code=1)
    equal(podman.sh("wc -c </proc/keys", "--security-opt", "mask=/proc/uptime"), "0", "keys")
    equal(podman.sh("wc -c </proc/uptime", "--security-opt", "mask=/proc/uptime"), "0", "uptime")
    podman.sh("test $(wc -c </proc/timer_list) -gt 0", "--security-opt", "unmask=ALL")


@case("privileged: all capabilities, devices, a writable /proc/sys")
def privileged(podman):
    script = "test -e /dev/fuse && test -w /proc/sys/kernel/panic && mount -t tmpfs x /mnt && echo yes"
    podman.sh(script, "--privileged")
    equal(status(podman, "Seccomp", "--privileged"), "0", "seccomp")


@case("devices: none by default, a chosen one that can be opened, by rights")
def devices(podman):
    podman.sh("test -e /dev/fuse", code=1)
    podman.sh("exec 3<>/dev/fuse", "--device", "/dev/fuse")
    podman.sh("exec 3<>/dev/box", "--device", "/dev/fuse:/dev/box:rw")
    podman.sh("exec 3>/dev/fuse", "--device", "/dev/fuse:/dev/fuse:r", code=1)


@case("devices: a node made inside can't be opened without a rule")
def device_rules(podman):
    script = "mknod /tmp/fuse c 10 229 && exec 3</tmp/fuse"
    podman.sh(script, "--cap-add", "mknod", code=1)
    podman.sh(script, "--cap-add", "mknod", "--device-cgroup-rule", "c 10:229 rwm")


@case("devices: the usual ones work for any user")
def usual_devices(podman):
    podman.sh("echo x >/dev/null && head -c 8 /dev/urandom >/dev/zero && test -c /dev/full && "
              "test -L /dev/fd && test -L /dev/stdout && test -e /dev/ptmx", "--user", "ann")


@case("sysctl of the network and of IPC")
def sysctl(podman):
    equal(podman.sh("cat /proc/sys/net/ipv4/ip_default_ttl", "--sysctl", "net.ipv4.ip_default_ttl=77"),
          "77", "ttl")
    equal(podman.sh("cat /proc/sys/kernel/msgmax", "--sysctl", "kernel.msgmax=9999"), "9999", "msgmax")
    podman.fails("run", "--rm", "--sysctl", "net.no.such=1", IMAGE, "true", code=127, says="net")


@case("user namespaces: --userns=auto")
def userns_auto(podman):
    first = podman.sh("cat /proc/self/uid_map", "--userns", "auto").split()
    assert first[0] == "0" and int(first[1]) >= 500000, first
    equal(podman.sh("id -u; touch /x; stat -c %u /x", "--userns", "auto"), "0\n0", "users inside")


@case("user namespaces: --uidmap and --gidmap")
def userns_map(podman):
    options = ("--uidmap", "0:200000:5000", "--gidmap", "0:300000:5000")
    equal(podman.sh("cat /proc/self/uid_map", *options).split(), ["0", "200000", "5000"], "uid map")
    equal(podman.sh("cat /proc/self/gid_map", *options).split(), ["0", "300000", "5000"], "gid map")
    equal(podman.sh("stat -c %u:%g /home/ann; id -u", *options), "0:0\n0", "owners")


@case("user namespaces: with a volume, a tmpfs, /dev, exec")
def userns_whole(podman):
    podman.sleeper("--uidmap", "0:200000:5000", "-v", "mapped:/data:U", "--tmpfs", "/scratch", name="mapped")
    equal(podman("exec", "mapped", "sh", "-c", "touch /data/x /scratch/x && stat -c %u /data/x /scratch/x"),
          "0\n0", "owners")
    equal(podman("exec", "--user", "ann", "mapped", "id", "-u"), "1000", "user")
    podman("exec", "mapped", "sh", "-c", "echo >/dev/null; echo x >/dev/shm/y")
    podman.remove("mapped")
    podman("volume", "rm", "mapped")


@case("user namespaces: that of another container, and the host's network in one")
def userns_shared(podman):
    podman.sleeper("--uidmap", "0:200000:5000", name="owner")
    equal(podman.sh("cat /proc/self/uid_map", "--userns", "container:owner").split(),
          ["0", "200000", "5000"], "map")
    podman.remove("owner")
    equal(podman.sh("id -u", "--uidmap", "0:200000:5000", "--network", "host"), "0", "user")


@case("namespaces: of the host, of another container")
def namespaces(podman):
    podman.sleeper(name="first")
    for option, name in (("pid", "pid"), ("ipc", "ipc"), ("network", "net")):
        link = f"/proc/self/ns/{name}"
        equal(podman.sh(f"readlink {link}", f"--{option}", "container:first"),
              podman("exec", "first", "readlink", link), f"{name} of the container")
    for option, name in (("pid", "pid"), ("ipc", "ipc"), ("network", "net"), ("uts", "uts")):
        link = f"/proc/self/ns/{name}"
        equal(podman.sh(f"readlink {link}", f"--{option}", "host"), os.readlink(link), f"{name} of the host")
    podman.remove("first")


@case("namespaces: --pid=host sees the host's processes")
def host_processes(podman):
    contains(podman.sh("cat /proc/1/cmdline", "--pid", "host"), "python")
    equal(podman.sh("cat /proc/[0-9]*/comm | grep python", code=1), "", "the host's processes")
