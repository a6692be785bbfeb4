// CRIU at work: `criu swrk`, a child of ours that takes one request over a socket and tells of its
// steps meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/checkpoint/criu_message.h"

namespace gocker {

// Names a file of options for CRIU. Whoever may set it may run programs as the runtime's user.
inline constexpr char kCriuConfig[] = "org.criu.config";

// The program: `path` or, where that is empty, "criu" in a folder of $PATH. An Error where there is
// none.
std::string find_criu(const std::string& path);

// What /etc/criu/ or the annotation org.criu.config has for containers; empty where there is none.
std::string criu_config_file(const oci::StringMap& annotations);

class Criu {
 public:
  struct Start {
    std::string program;
    const Fd& cgroup;             // it is cloned into; may be invalid
    std::function<void()> enter;  // in the child, before the program is executed
    std::vector<int> inherited;   // descriptors that it gets, by the same numbers
    bool keep_streams = false;    // stdin, stdout and stderr, else it has /dev/null
  };
  // Returns when `enter` has succeeded; throws what went wrong there.
  explicit Criu(const Start& start);

  pid_t pid() const { return process_.pid(); }

  // Called for each step that CRIU tells of; `terminal` comes with "orphan-pts-master". What it
  // throws ends CRIU, which undoes what it has done.
  using OnStep = std::function<void(const CriuReply& step, Fd terminal)>;
  // Returns the answer once the work is done. An Error where it failed, with CRIU's own words from
  // its log in `work`.
  CriuReply request(CriuRequest type, const CriuOptions& options, const Fd& work,
                    const OnStep& on_step);

 private:
  Fd socket_;
  Child process_;
};

}  // namespace gocker
