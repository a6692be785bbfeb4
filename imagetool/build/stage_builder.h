// Builds one stage, instruction by instruction.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/build/base_images.h"
#include "imagetool/build/build_arguments.h"
#include "imagetool/build/build_options.h"
#include "imagetool/build/build_output.h"
#include "imagetool/build/copy_instruction.h"
#include "imagetool/build/dockerfile.h"
#include "imagetool/build/run_mount_area.h"
#include "imagetool/build/source_tree.h"
#include "imagetool/build/stage_state.h"
#include "imagetool/build/stages.h"
#include "imagetool/build/step_layer.h"
#include "imagetool/store/transaction.h"

namespace gocker {

// What the stages of a build share.
struct BuildShared {
  const BuildOptions& options;
  const Dockerfile& dockerfile;
  const Stages& stages;
  const SourceTree& context;
  Transaction& keeper;  // keeps what the build uses from gc
  BuildArguments& arguments;
  BaseImages& images;
  BuildOutput& output;
  std::vector<std::optional<StageState>> built;              // by the number of the stage
  std::map<std::string, std::unique_ptr<SourceTree>> trees;  // of --from, by chain id
};

class StageBuilder {
 public:
  // `state`: what FROM gave. `number`: of the stage.
  StageBuilder(BuildShared& shared, size_t number, StageState state)
      : shared_(shared), number_(number), state_(std::move(state)) {}

  void run(const Instruction& instruction);
  // What the base image has put off to this build.
  void run_triggers();

  StageState take() { return std::move(state_); }

 private:
  enum class Origin { file, trigger };

  void dispatch(const Instruction& instruction);
  void declare_arguments(const Instruction& instruction);
  void change_setting(const Instruction& instruction);
  void run_command(const Instruction& instruction);
  void set_working_directory(const Instruction& instruction);
  void copy(const Instruction& instruction);

  // The layer of a step: of the cache, or made by `change`.
  void make_layer(const Instruction& instruction, const std::string& key,
                  const std::function<void(StepLayer&)>& change);
  bool take_cached(const Instruction& instruction, const std::string& key);
  void make_anew(const std::string& key, const std::function<void(StepLayer&)>& change);

  void show(const Instruction& instruction, BuildOutput::Cached cached = BuildOutput::Cached::no);
  void add_history(const Instruction& instruction, size_t layers_before);
  CopySource copy_source(const Instruction& instruction);
  std::vector<PreparedMount> prepare_mounts(const Instruction& instruction);
  // Of a stage or image that files are taken from.
  std::vector<std::string> layers_of(const std::string& name);
  const SourceTree& tree_of(const std::vector<std::string>& chain_ids);
  std::string expanded(std::string_view text) const;
  Lookup lookup() const;

  BuildShared& shared_;
  size_t number_;
  StageState state_;
  Origin origin_ = Origin::file;
  bool has_own_cmd_ = false;  // not the base image's
};

}  // namespace gocker
