// What a person says about a build.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/bundle/run_options.h"
#include "imagetool/reference.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct BuildOptions {
  std::string context;     // a directory
  std::string dockerfile;  // its path; "-": standard input; empty: Dockerfile or Containerfile
  std::vector<Reference> names;
  std::map<std::string, std::string> arguments;  // --build-arg
  std::map<std::string, std::string> secrets;    // by their ids, what RUN --mount=type=secret shows
  std::vector<std::pair<std::string, std::string>> labels;
  std::string target;  // a stage; empty: the last
  std::optional<oci::Platform> platform;
  NetworkMode network = NetworkMode::host;  // of RUN
  enum class Cache { use, ignore } cache = Cache::use;
  enum class Pull { missing, always } pull = Pull::missing;
  enum class Verbosity { normal, quiet } verbosity = Verbosity::normal;
  std::string run_root;  // what does not outlive a reboot
  std::string runtime;   // the OCI runtime that does RUN
};

}  // namespace gocker
