// COPY and ADD: from their words to files in the stage.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/build/copy_files.h"
#include "imagetool/build/dockerfile.h"
#include "imagetool/build/source_tree.h"
#include "imagetool/build/stage_state.h"
#include "imagetool/build/step_layer.h"
#include "imagetool/layer/lower_view.h"

namespace gocker {

// Where the files come from.
struct CopySource {
  const SourceTree* tree = nullptr;
  std::string chain_id;  // that the tree is of; empty: the build context, which is read for the key
};

class CopyInstruction {
 public:
  // `expand` takes quotes off and puts variables in. Looks for the sources at once; throws where
  // there are none, for URLs, and for wrong flags.
  CopyInstruction(const Instruction& instruction, const CopySource& source, const StageState& stage,
                  const std::function<std::string(std::string_view)>& expand,
                  const std::function<std::string(std::string_view)>& expand_content);

  // Of all that the result depends on.
  std::string key(const StageState& stage) const;

  void apply(StepLayer& layer, LowerView& below, OverlayAttributes overlay_attributes,
             std::vector<std::string>& notes) const;

 private:
  struct File {  // a here-document
    std::string name;
    std::string content;
  };

  void read_flags(const std::function<std::string(std::string_view)>& expand);
  void read_words(const StageState& stage,
                  const std::function<std::string(std::string_view)>& expand,
                  const std::function<std::string(std::string_view)>& expand_content);
  void add_source(const std::string& word,
                  const std::function<std::string(std::string_view)>& expand,
                  const std::function<std::string(std::string_view)>& expand_content);
  std::optional<Owner> owner(const RootDir& root) const;
  void write_files(StepLayer& layer, const CopyRequest& request,
                   std::vector<std::string>& notes) const;

  const Instruction& instruction_;
  CopySource source_;
  std::string owner_text_;
  std::optional<mode_t> mode_;
  std::string destination_;
  std::vector<std::string> sources_;
  std::vector<std::string> archives_;  // those of ADD's sources that are unpacked
  std::vector<File> files_;
  size_t heredocs_read_ = 0;
  bool wants_directory_ = false;
};

}  // namespace gocker
