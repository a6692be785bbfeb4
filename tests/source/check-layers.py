#!/usr/bin/env python3
"""Keeps the rules of the house that a compiler cannot: who may include whom, and what stays out.

    tests/source/check-layers.py [BUILD_DIRECTORY]

With a build directory: also whether each source is compiled there. Prints a TAP line for each rule
and one line for each finding: FILE:LINE: what is wrong.
"""

import json
import os
import pathlib
import re
import sys

import sources
from sources import tap

BASE = {"runtime/base"}
COMMAND_LINE = {"runtime/command_line"}
SPEC = {"oci-spec"}
KERNEL = BASE | SPEC | {"runtime/linux", "runtime/cgroup"}
CONTAINER = KERNEL | {"runtime/container"}
LAUNCH = CONTAINER | {"runtime/launch"}
CHECKPOINT = LAUNCH | {"runtime/checkpoint"}
STORED = BASE | SPEC | {"imagetool", "imagetool/store"}
IMAGETOOL = STORED | {
    "imagetool/registry", "imagetool/layer", "imagetool/pull", "imagetool/push", "imagetool/archive", "imagetool/cdi", "imagetool/bundle",
    "imagetool/network", "imagetool/rootless", "imagetool/volume", "imagetool/containers", "imagetool/build",
}

# What a folder may include besides itself: the arrows of the house in CONTRIBUTING.md.
MAY_INCLUDE = {
    "runtime/base": set(),
    "runtime/command_line": BASE,
    "oci-spec": set(),
    "runtime/linux": BASE | SPEC,
    "runtime/cgroup": BASE | SPEC,
    "runtime/systemd": BASE | SPEC | {"runtime/cgroup"},
    "runtime/container": KERNEL,
    "runtime/launch": CONTAINER,
    "runtime/checkpoint": LAUNCH,
    "runtime/cli": CHECKPOINT | COMMAND_LINE,
    "runtime": CHECKPOINT | COMMAND_LINE | {"runtime/cli"},  # main.cc
    "imagetool": BASE | SPEC,  # reference, digest, platform, interrupt
    "imagetool/registry": BASE | SPEC | {"imagetool"},
    "imagetool/store": BASE | SPEC | {"imagetool"},
    "imagetool/layer": STORED,
    "imagetool/pull": STORED | {"imagetool/registry", "imagetool/layer"},
    "imagetool/archive": STORED | {"imagetool/layer"},
    "imagetool/push": STORED | {"imagetool/registry", "imagetool/layer", "imagetool/pull"},
    "imagetool/cdi": BASE | SPEC,
    "imagetool/bundle": STORED | {"imagetool/layer", "imagetool/cdi"},
    "imagetool/rootless": STORED | {"imagetool/layer", "imagetool/bundle"},
    "imagetool/network": BASE | SPEC | {"imagetool"},
    "imagetool/volume": BASE | SPEC | {"imagetool", "imagetool/layer"},
    "imagetool/containers": IMAGETOOL - {"imagetool/build"},
    "imagetool/build": IMAGETOOL,
    "imagetool/cli": IMAGETOOL | COMMAND_LINE,
    "imagetool/main.cc": IMAGETOOL | {"imagetool/cli"},
}
PROGRAM_FOLDERS = ("oci-spec", "runtime", "imagetool")
CXXOPTS_FILE = "runtime/command_line/help_text.cc"

# Calls that resolve a path by its text. A path that a container or an image controls must be
# resolved below its root by descriptor, so these stand only where the path is the host's own.
RAW_CALLS = """
    access chdir chmod chown chroot creat execl execle execlp execv execvp fopen ftw getxattr
    lchown lgetxattr link listxattr llistxattr lremovexattr lsetxattr lstat mkdir mkfifo mknod mount
    nftw open opendir pivot_root readlink realpath remove removexattr rename rmdir scandir
    setxattr stat statfs statvfs symlink truncate umount umount2 unlink utime utimes
""".split()
# file -> {call: why it is safe there}
BELOW_A_DESCRIPTOR = "/proc/self/fd/N, or a name in the directory that N is"
CGROUPFS = "in cgroupfs, where nobody can make a symlink"
INSIDE = "after the root was changed: all paths are the container's own by then"
OWN_BUNDLE = "the bundle's directory, which the caller names"
OWN_RUN = "a file of our own below the run folder, where only root can write"
OWN_BINARY = "/proc/self/exe"
OWN_FOLDERS = "a name of ours in a folder of ours, which only root writes to"
CALLED_PROGRAM = "a program of the host that is called, and /dev/null as its stdin"
RAW_CALLS_ALLOWED = {
    "runtime/base/companion.cc": {"access": "a program of ours beside another of ours"},
    "runtime/base/fd.cc": {"open": "/dev/null in place of a closed stdin, stdout or stderr of ours"},
    "runtime/base/file.cc": {"*": "the one place that opens the host's files by name"},
    "runtime/base/log.cc": {"open": "the log, a file of the host that the caller names"},
    "runtime/base/rooted_path.cc": {"*": "the one place that resolves a container's paths"},
    "runtime/cgroup/cgroup.cc": {"mkdir": CGROUPFS, "rmdir": CGROUPFS},
    "runtime/cgroup/cgroup_host.cc": {"statfs": CGROUPFS},
    "runtime/cgroup/cgroup_paths.cc": {"access": CGROUPFS},
    "runtime/cgroup/delegated.cc": {"access": CGROUPFS},
    "runtime/cgroup/group_tree.cc": {"rmdir": CGROUPFS},
    "runtime/cgroup/systemd_scope.cc": {"access": "systemd's socket"},
    "runtime/container/processes.cc": {"stat": "/proc/PID/ns/pid"},
    "runtime/main.cc": {"access": "where the state of containers is kept, a place of ours"},
    "runtime/launch/become.cc": {"chdir": INSIDE, "stat": INSIDE},
    "runtime/launch/container_mounts.cc": {"umount2": "a name in the working directory, opened before"},
    "runtime/linux/filesystem.cc": {"mount": BELOW_A_DESCRIPTOR},
    "runtime/linux/host_mounts.cc": {
        "mount": "the host's mounts, by the names that the kernel lists",
        "readlink": BELOW_A_DESCRIPTOR,
        "umount2": "the host's mounts, by the names that the kernel lists",
    },
    "runtime/linux/lsm.cc": {"statfs": "the host's /sys/fs/selinux"},
    "runtime/linux/mounts.cc": {"setxattr": BELOW_A_DESCRIPTOR},
    "runtime/linux/namespaces.cc": {"open": "a namespace's file on the host, from the caller"},
    "runtime/linux/rootfs.cc": {
        "chdir": "the new root itself",
        "chroot": "the new root itself",
        "mount": "the new root itself, and the host's mount points above it",
        "umount2": "the old root itself",
    },
    "runtime/linux/shared_rootfs.cc": {
        "chroot": "the new root itself",
        "umount2": "the place of the bundle's root filesystem on the host",
    },
    "runtime/linux/self_seal.cc": {"open": OWN_BINARY, "readlink": OWN_BINARY, "statfs": OWN_BINARY},
    "imagetool/build/build.cc": {"mount": "all mounts of this process, by the root of the tree"},
    "imagetool/build/run_step.cc": {
        "execv": "the runtime, a program of the host",
        "open": "/dev/null",
    },
    "imagetool/bundle/bundle.cc": {"mkdir": OWN_BUNDLE, "rmdir": OWN_BUNDLE, "stat": OWN_BUNDLE},
    "imagetool/bundle/mount_point.cc": {"umount2": BELOW_A_DESCRIPTOR},
    "imagetool/bundle/privileges.cc": {"stat": "a device of the host that is to be given"},
    "imagetool/bundle/runtime_config.cc": {"stat": "a file of the host that is to be mounted"},
    "imagetool/cdi/container_edits.cc": {"stat": "a device of the host that is to be given"},
    "imagetool/cli/program.cc": {"access": "where the other programs of gocker are"},
    "imagetool/containers/cgroup_manager.cc": {"access": "systemd's socket, cgroupfs, the runtime"},
    "imagetool/containers/create.cc": {"mkdir": OWN_FOLDERS},
    "imagetool/containers/foreground.cc": {"open": "/dev/null"},
    "imagetool/containers/keeper.cc": {"unlink": OWN_FOLDERS},
    "imagetool/containers/monitor.cc": {"open": CALLED_PROGRAM},
    "imagetool/push/copy_blobs.cc": {"unlink": "a name that mkostemp(3) has made a moment ago"},
    "imagetool/registry/credential_helper.cc": {"access": CALLED_PROGRAM},
    "imagetool/containers/transition.cc": {"unlink": OWN_FOLDERS},
    "imagetool/layer/attributes.cc": {
        "getxattr": BELOW_A_DESCRIPTOR,
        "listxattr": BELOW_A_DESCRIPTOR,
        "lsetxattr": BELOW_A_DESCRIPTOR,
    },
    "imagetool/layer/changes.cc": {"getxattr": BELOW_A_DESCRIPTOR},
    "imagetool/layer/write_layer.cc": {"getxattr": BELOW_A_DESCRIPTOR},
    "imagetool/layer/overlay.cc": {"mount": BELOW_A_DESCRIPTOR, "umount2": BELOW_A_DESCRIPTOR},
    "imagetool/network/network_namespace.cc": {
        "mount": OWN_RUN, "statfs": OWN_RUN, "umount2": OWN_RUN, "unlink": OWN_RUN,
    },
    "imagetool/cli/unshare.cc": {"execvp": "the program that the person names"},
    "imagetool/rootless/users_namespace.cc": {
        "chdir": "the working directory that we had",
        "mount": "all mounts of the new namespace",
        "open": "/dev/null",
    },
    "imagetool/store/lease.cc": {"stat": "is a bundle's directory, named by its user, still there?"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
RAW_CALL = re.compile(r"(?P<before>[\w.>:*&]?\s*)(?P<scope>(?<!\w)::)?\b(?P<call>"
                      + "|".join(RAW_CALLS) + r")\s*\(")
KEYWORDS_BEFORE_A_CALL = {"return", "else", "do", "co_return", "not", "and", "or"}


def without_comments_and_strings(text):
    """The same lines with comments and the content of literals blanked."""
    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]

    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.S)


def allowed_for(file):
    path = str(file)
    if path in MAY_INCLUDE:
        return MAY_INCLUDE[path] | {str(file.parent)}
    folder = str(file.parent)
    if folder in MAY_INCLUDE:
        return MAY_INCLUDE[folder] | {folder}
    return None


def check_includes(file, lines, findings):
    program = file.parts[0] in PROGRAM_FOLDERS
    allowed = allowed_for(file) if program else None
    if program and allowed is None:
        findings.append(f"{file}:1: folder {file.parent} has no place in the house yet: add it to "
                        "MAY_INCLUDE in tests/source/check-layers.py")
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match or match.group(1) != '"':
            continue
        target = match.group(2)
        if not (sources.ROOT / target).is_file():
            findings.append(f'{file}:{number}: "{target}" is not written from the project\'s root')
        elif program and str(pathlib.PurePath(target).parent) not in allowed:
            findings.append(f"{file}:{number}: {file.parent} must not include {target}")


def check_headers_kept_out(file, lines, findings):
    path = str(file)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        name = match.group(2)
        if name == "cxxopts.hpp" and path != CXXOPTS_FILE:
            findings.append(f"{file}:{number}: cxxopts belongs to {CXXOPTS_FILE} only")
        if file.suffix == ".h" and name in ("nlohmann/json.hpp", "cxxopts.hpp"):
            findings.append(f"{file}:{number}: {name} in a header slows every build down")
        if file.parts[0] in ("runtime", "oci-spec"):
            if name in ("iostream", "fstream", "sstream", "iomanip", "filesystem", "regex"):
                findings.append(f"{file}:{number}: <{name}> makes gocker-runtime start slower")
            if name in ("thread", "future"):
                findings.append(f"{file}:{number}: gocker-runtime has one thread")


def word_before(line, position):
    """The identifier (with & or * behind it) that ends at a position; that of a declaration."""
    match = re.search(r"([\w>]+)\s*[*&]*\s*$", line[:position])
    return match.group(1) if match else ""


def declared_in_header_of(file):
    """The raw calls' names that the header beside a source gives to functions of its own."""
    header = (sources.ROOT / file).with_suffix(".h")
    if not header.is_file():
        return set()
    code = without_comments_and_strings(header.read_text())
    return {m.group(1) for m in re.finditer(r"\b(" + "|".join(RAW_CALLS) + r")\s*\(", code)}


def check_raw_calls(file, code, findings):
    if file.parts[0] not in PROGRAM_FOLDERS:
        return
    allowed = RAW_CALLS_ALLOWED.get(str(file), {})
    lines = code.split("\n")
    calls, own_names = [], declared_in_header_of(file)
    for number, line in enumerate(lines, 1):
        for match in RAW_CALL.finditer(line):
            call, start = match.group("call"), match.start("call")
            if match.group("scope"):
                calls.append((number, call, True))
            elif match.group("before").rstrip().endswith((".", ">", ":")):
                continue  # x.open(, x->open(, Type::open(
            elif word_before(line, start) not in KEYWORDS_BEFORE_A_CALL | {""}:
                own_names.add(call)  # `bool open(...)`: a function of this file
            else:
                calls.append((number, call, False))
        if re.search(r"\bstd::filesystem\b", line):
            findings.append(f"{file}:{number}: std::filesystem takes paths by their text")
    for number, call, global_scope in calls:
        if "*" in allowed or call in allowed or (not global_scope and call in own_names):
            continue
        findings.append(f"{file}:{number}: {call}() takes a path by its text: open it below a root "
                        "with RootDir, or use an *at call")


def check_words(file, lines, findings):
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            findings.append(f"{file}:{number}: finish it, or open an issue instead of a note here")


def check_threads(file, code, findings):
    if file.parts[0] not in ("runtime", "oci-spec"):
        return
    for number, line in enumerate(code.split("\n"), 1):
        if re.search(r"\bstd::(j?thread|async)\b|\bpthread_create\b", line):
            findings.append(f"{file}:{number}: gocker-runtime has one thread")


TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: ?:(?!:)[^{;]*)? ?\{", re.M)


def note_types(file, code, types):
    """The types that a header gives to others, by program and full name."""
    if file.suffix != ".h" or file.parts[0] not in PROGRAM_FOLDERS:
        return
    namespace = re.search(r"^namespace ([\w:]+) \{", code, re.M)
    shared = str(file.parent) in BASE | SPEC
    for program in PROGRAM_FOLDERS[1:] if shared else file.parts[:1]:
        for match in TYPE.finditer(code):
            full_name = f"{namespace.group(1) if namespace else ''}::{match.group(1)}"
            types.setdefault((program, full_name), []).append(file)


def check_types(types, findings):
    """The linker takes one definition of two inline functions of the same name, without a word."""
    for (_, name), files in types.items():
        if len(files) > 1:
            findings.append(f"{files[1]}:1: {name} is the name of another type in {files[0]} too")


def compiled_sources(build):
    """What a build directory compiles, as paths relative to the project's root."""
    entries = json.loads((build / "compile_commands.json").read_text())
    return {os.path.relpath(os.path.join(e["directory"], e["file"]), sources.ROOT) for e in entries}


def check_is_built(file, compiled, findings):
    """A .cc that is neither compiled nor, as one of two choices, named: nobody would miss it."""
    if file.suffix != ".cc" or str(file) in compiled:
        return
    build = sources.ROOT / file.parent / "meson.build"
    if not build.is_file() or f"'{file.name}'" not in build.read_text():
        findings.append(f"{file}:1: no meson.build names this file")


def main():
    files = sources.cpp_files()
    results = {
        "files include only what stands below them": [],
        "heavy headers stay where they are needed": [],
        "paths are resolved by descriptor": [],
        "gocker-runtime has one thread": [],
        "nothing is left to do in the sources": [],
        "a type's name is that of one type": [],
    }
    includes, headers, raw, threads, words, one_type = results.values()
    types = {}
    if len(sys.argv) > 1:
        built = results["every source is built"] = []
        compiled = compiled_sources(pathlib.Path(sys.argv[1]))
    long_files = []
    for file in files:
        text = (sources.ROOT / file).read_text()
        lines = text.split("\n")
        code = without_comments_and_strings(text)
        check_includes(file, lines, includes)
        check_headers_kept_out(file, lines, headers)
        check_raw_calls(file, code, raw)
        check_threads(file, code, threads)
        check_words(file, lines, words)
        note_types(file, code, types)
        if len(sys.argv) > 1:
            check_is_built(file, compiled, built)
        if len(lines) > 600:
            long_files.append(f"{file}: {len(lines)} lines; is it one concept?")
    check_types(types, one_type)
    report = tap.Tap()
    for name, findings in results.items():
        report.result(f"{name} ({len(files)} files)", findings)
    for line in long_files:
        print(f"# warning: {line}")
    report.finish()


main()
