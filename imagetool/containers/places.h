// Where containers are kept, and the programs that serve them.
//
//   ROOT/containers/ID/record.json   what a person asked for and what happened (record.h)
//   ROOT/containers/ID/bundle/       what the runtime takes (imagetool/bundle)
//   ROOT/containers/ID/log           what the container wrote, as conmon keeps it (log_file.h)
//   ROOT/containers/ID/{hosts,hostname,resolv.conf}   mounted in the container
//   ROOT/names/NAME                  a symlink whose target is the ID
//
//   RUN/transitions/ID   what is being done to a container (transition.h)
//   RUN/keepers/ID       who attends to a running container (keeper.h)
//   RUN/monitors/ID/     conmon's files: pid, exit code, attach socket
//   RUN/runtime/         gocker-runtime's own
//
// RUN is for what a reboot clears anyway; nothing breaks where it does not.
#pragma once

#include <string>

namespace gocker {

struct Places {
  std::string root;  // absolute, as is run
  std::string run;
  std::string runtime;  // the OCI runtime
  std::string self;     // this program, for conmon to call at a container's end

  std::string containers() const { return root + "/containers"; }
  std::string container(const std::string& id) const { return containers() + "/" + id; }
  std::string bundle(const std::string& id) const { return container(id) + "/bundle"; }
  std::string log(const std::string& id) const { return container(id) + "/log"; }
  std::string names() const { return root + "/names"; }
  std::string transitions() const { return run + "/transitions"; }
  std::string keepers() const { return run + "/keepers"; }
  std::string monitors() const { return run + "/monitors"; }
  std::string monitor(const std::string& id) const { return monitors() + "/" + id; }
  std::string runtime_state() const { return run + "/runtime"; }
};

// Makes the directories that are missing (mode 0700).
Places make_places(const std::string& root, const std::string& run, const std::string& runtime);

}  // namespace gocker
