// RUN: a command in a container on the stage's files.
#pragma once

#include <string>
#include <vector>

#include "imagetool/build/step_layer.h"
#include "imagetool/bundle/run_options.h"
#include "imagetool/layer/lower_view.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct RunRequest {
  std::vector<std::string> command;    // argv
  std::string script;                  // where not empty: the program itself ("#!...")
  std::vector<std::string> variables;  // NAME=VALUE, beside those of the config
  std::vector<BindMount> mounts;
  std::vector<TmpfsMount> tmpfs;
  NetworkMode network = NetworkMode::host;
  std::string run_root;
  std::string runtime;
  enum class Output { pass, hold_back } output = Output::pass;
};

// Runs it to its end and leaves its changes, and nothing of the container's own mounts, in `layer`,
// from which the joined tree is gone afterwards. Its output goes to stderr; where it is held back,
// only if the command fails. Throws where the command cannot be started or fails, with the exit
// code, and where this process is interrupted (SIGINT, SIGTERM, SIGHUP).
void run_in_layer(const RunRequest& request, const oci::ImageConfig& config, StepLayer& layer,
                  LowerView& below);

}  // namespace gocker
