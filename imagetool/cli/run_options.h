// The options that shape a container, shared by the commands that make one.
#pragma once

#include <array>

#include "imagetool/bundle/run_options.h"
#include "imagetool/cli/limit_options.h"
#include "runtime/command_line/options.h"

namespace gocker::cli {

inline constexpr std::array kRunOptions = join_tables(
    kLimitOptions,
    std::array{
        Option{"env", 'e', "NAME[=VALUE]",
               "set a variable; NAME alone takes the value it has here"},
        Option{"env-file", 0, "FILE", "set the variables of a file, one a line"},
        Option{"volume", 'v', "[SRC:]DST[:ro]",
               "mount a host's file or directory, or a named volume"},
        Option{"mount", 0, "FIELDS",
               "the same as type=bind|volume|tmpfs,source=SRC,target=DST,..."},
        Option{"tmpfs", 0, "DST[:OPTIONS]", "an empty directory in memory, such as /tmp:size=64m"},
        Option{"workdir", 'w', "DIR", "the program's working directory"},
        Option{"user", 'u', "USER[:GROUP]", "names of the image, or numbers"},
        Option{"group-add", 0, "GROUP", "one more group of the user"},
        Option{"entrypoint", 0, "PROGRAM", "in place of the image's entrypoint; '' for none"},
        Option{"tty", 't', "", "give the program a terminal"},
        Option{"init", 0, "",
               "a first process that passes signals on and reaps what is left behind"},
        Option{"hostname", 'h', "NAME", ""},
        Option{"pid", 0, "host", "see the host's processes, and be seen among them"},
        Option{"ipc", 0, "host", "the host's shared memory, semaphores and queues"},
        Option{"uts", 0, "host", "the host's own name"},
        Option{"network", 0, "NAME",
               "none (a loopback device alone), host, bridge, or another one"},
        Option{"net", 0, "NAME", "the same as --network"},
        Option{"shm-size", 0, "SIZE", "size of /dev/shm (64m)"},
        Option{"oom-score-adj", 0, "N", "-1000 to 1000: the higher, the sooner killed for memory"},
        Option{"ulimit", 0, "NAME=SOFT[:HARD]", "a limit of each process, such as nofile=1024"},
        Option{"sysctl", 0, "NAME=VALUE",
               "a parameter of the kernel in the container's namespaces"},
        Option{"read-only", 0, "", "the root file system cannot be written to"},
        Option{"cap-add", 0, "CAPABILITY", "one more capability, or ALL"},
        Option{"cap-drop", 0, "CAPABILITY", "one capability less, or ALL"},
        Option{"device", 0, "PATH[:PATH][:rwm]",
               "a device of the host, or VENDOR/CLASS=NAME by CDI"},
        Option{"gpus", 0, "all|N|device=NAME,...", "graphics processors, by CDI"},
        Option{"cdi-spec-dir", 0, "DIR", "where CDI files are (/etc/cdi and /var/run/cdi)"},
        Option{"security-opt", 0, "OPTION", "no-new-privileges, seccomp=unconfined|FILE, ..."},
        Option{"privileged", 0, "", "all capabilities and devices, nothing hidden, no filter"},
        Option{"userns", 0, "auto[:size=N]|host",
               "a user namespace with ids that nobody else uses"},
        Option{"uidmap", 0, "CONTAINER:HOST:SIZE", "a user namespace with these user ids"},
        Option{"gidmap", 0, "CONTAINER:HOST:SIZE", "its group ids (default: as --uidmap)"},
        Option{"subuidname", 0, "NAME",
               "a user namespace with the ids that /etc/subuid gives NAME"},
        Option{"subgidname", 0, "NAME",
               "its group ids from /etc/subgid (default: as --subuidname)"},
        Option{"annotation", 0, "NAME=VALUE", "an annotation in config.json"},
        Option{"label", 'l', "NAME=VALUE", "the same; containers are found by their labels"},
        Option{"cgroup", 0, "PATH", "the container's control group (linux.cgroupsPath)"},
    });

// What they say. `command` is what was given after the image. The network is left to the caller:
// network_names(). Throws UsageError.
RunOptions parse_run_options(const Arguments& arguments, std::vector<std::string> command);

// The values of --network, in their order; empty where it was not given.
std::vector<std::string> network_names(const Arguments& arguments);

}  // namespace gocker::cli
