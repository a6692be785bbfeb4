#include "imagetool/build/stages.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

void check_stage_name(const std::string& name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_fine = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (is_letter(name.front()) && std::all_of(name.begin(), name.end(), is_fine)) return;
  throw Error("'" + name + "' is no name for a stage: a letter, then letters, digits, - _ .");
}

Stage begin_stage(const Stages& stages, const Instruction& from) {
  Stage stage{.from = &from, .name = {}, .instructions = {}};
  if (from.arguments.size() != 3) return stage;
  stage.name = to_lower(from.arguments[2]);
  check_stage_name(stage.name);
  if (stages.find(stage.name, stages.list.size())) {
    throw Error("the name '" + stage.name + "' is that of an earlier stage");
  }
  return stage;
}

}  // namespace

std::optional<size_t> Stages::find(std::string_view text, size_t end) const {
  const std::string name = to_lower(text);
  for (size_t i = 0; i < end; ++i) {
    if (!list[i].name.empty() && list[i].name == name) return i;
  }
  const std::optional<uint64_t> number = parse_u64(text);
  return number && *number < end ? std::optional(static_cast<size_t>(*number)) : std::nullopt;
}

Stages split_stages(const Dockerfile& dockerfile) {
  Stages stages;
  const std::span<const Instruction> all = dockerfile.instructions;
  size_t start = 0;  // of what belongs to the stage, or to no stage yet
  const auto end_part = [&](size_t end) {
    const auto part = all.subspan(start, end - start);
    if (stages.list.empty()) {
      stages.arguments = part;
    } else {
      stages.list.back().instructions = part;
    }
  };
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string place = place_in(dockerfile.name, all[i].line, all[i].keyword);
    const Doing doing(place.c_str());
    if (all[i].keyword == "FROM") {
      end_part(i);
      stages.list.push_back(begin_stage(stages, all[i]));
      start = i + 1;
    } else if (stages.list.empty() && all[i].keyword != "ARG") {
      throw Error("stands before the first FROM, where only ARG may");
    }
  }
  if (stages.list.empty()) throw Error(dockerfile.name + ": it has no FROM");
  end_part(all.size());
  return stages;
}

}  // namespace gocker
