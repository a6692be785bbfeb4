// The stages of a Dockerfile: each FROM begins one.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/dockerfile.h"

namespace gocker {

struct Stage {
  const Instruction* from = nullptr;
  std::string name;                           // of "AS name", lower case; else empty
  std::span<const Instruction> instructions;  // those behind FROM
};

// Points into the Dockerfile that it was made of.
struct Stages {
  std::span<const Instruction> arguments;  // the ARGs before the first FROM
  std::vector<Stage> list;

  // The stage before `end` that `text` names: by its name, or by its number from 0.
  std::optional<size_t> find(std::string_view text, size_t end) const;
};

// Throws where anything but ARG stands before the first FROM, and for names that are taken or none.
Stages split_stages(const Dockerfile& dockerfile);

}  // namespace gocker
