#include "imagetool/build/run_mount.h"

#include <algorithm>
#include <array>

#include "imagetool/layer/canonical_path.h"
#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Kind = RunMount::Kind;
using Sharing = RunMount::Sharing;
using Expand = std::function<std::string(std::string_view)>;

constexpr mode_t kAllModeBits = 07777;
constexpr std::array<std::string_view, 13> kFields = {
    "type",     "target", "source",   "from", "id",  "sharing", "size",
    "readonly", "rw",     "required", "mode", "uid", "gid"};

struct Field {
  std::string_view name;  // as kFields has it
  std::string value;
};

// The other names of a field.
std::string_view plain_name(std::string_view name) {
  if (name == "dst" || name == "destination") return "target";
  if (name == "src") return "source";
  if (name == "ro") return "readonly";
  if (name == "readwrite") return "rw";
  return name;
}

Kind parse_kind(std::string_view text) {
  if (text == "bind") return Kind::bind;
  if (text == "cache") return Kind::cache;
  if (text == "tmpfs") return Kind::tmpfs;
  if (text == "secret") return Kind::secret;
  throw Error("type '" + std::string(text) + "' is not one of bind, cache, tmpfs and secret");
}

Sharing parse_sharing(std::string_view text) {
  if (text == "shared") return Sharing::shared;
  if (text == "locked") return Sharing::locked;
  if (text == "private") return Sharing::exclusive;
  throw Error("sharing '" + std::string(text) + "' is not one of shared, locked and private");
}

bool parse_switch(const Field& field) {
  if (field.value.empty() || field.value == "true" || field.value == "1") return true;
  if (field.value == "false" || field.value == "0") return false;
  throw Error(std::string(field.name) + "=" + field.value + " is neither true nor false");
}

uint32_t parse_number(const Field& field) {
  const auto number = parse_u32(field.value);
  if (!number) throw Error(std::string(field.name) + "=" + field.value + " is no number");
  return *number;
}

mode_t parse_mode(const std::string& text) {
  const auto mode = parse_octal(text);
  if (!mode || *mode > kAllModeBits) throw Error("mode=" + text + " has no octal digits like 0755");
  return *mode;
}

// Whether it says something of that kind; the rest would be left out without a word.
bool fits(std::string_view field, Kind kind) {
  if (field == "target") return true;
  if (field == "from" || field == "source" || field == "rw") return kind == Kind::bind;
  if (field == "readonly") return kind == Kind::bind || kind == Kind::cache;
  if (field == "size") return kind == Kind::tmpfs;
  if (field == "sharing") return kind == Kind::cache;
  if (field == "required") return kind == Kind::secret;
  return kind == Kind::cache || kind == Kind::secret;  // id, mode, uid, gid
}

void take_field(const Field& field, RunMount& mount) {
  if (field.name == "target") mount.target = field.value;
  if (field.name == "source") mount.source = field.value;
  if (field.name == "from") mount.from = field.value;
  if (field.name == "id") mount.id = field.value;
  if (field.name == "size") mount.size = field.value;
  if (field.name == "sharing") mount.sharing = parse_sharing(field.value);
  if (field.name == "readonly") mount.readonly = parse_switch(field);
  if (field.name == "rw") mount.readonly = !parse_switch(field);
  if (field.name == "required") mount.is_required = parse_switch(field);
  if (field.name == "mode") mount.mode = parse_mode(field.value);
  if (field.name == "uid") mount.uid = parse_number(field);
  if (field.name == "gid") mount.gid = parse_number(field);
}

std::vector<Field> fields_of(std::string_view text, const Expand& expand) {
  std::vector<Field> fields;
  for (const std::string_view word : split(text, ',')) {
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    fields.push_back({plain_name(name), equals == std::string_view::npos
                                            ? std::string()
                                            : expand(word.substr(equals + 1))});
  }
  return fields;
}

[[noreturn]] void throw_unknown(std::string_view name) {
  const std::string_view meant = nearest(name, {kFields.begin(), kFields.end()});
  throw Error("unknown field '" + std::string(name) + "'" +
              (meant.empty() ? "" : " (did you mean " + std::string(meant) + "?)"));
}

void complete_target(std::string_view working_dir, RunMount& mount) {
  if (mount.kind == Kind::secret) {
    if (mount.id.empty()) mount.id = split_path(mount.target).name;
    if (mount.id.empty()) throw Error("a secret needs an id");
    if (mount.target.empty()) mount.target = "/run/secrets/" + mount.id;
  }
  if (mount.target.empty()) throw Error("it needs a target=DIRECTORY");
  if (!mount.target.starts_with('/')) {
    mount.target = std::string(working_dir) + "/" + mount.target;
  }
  mount.target = "/" + clean_relative(mount.target);
  if (mount.target == "/") throw Error("the target cannot be /");
  if (mount.kind == Kind::cache && mount.id.empty()) mount.id = mount.target;
}

RunMount parse_mount(std::string_view text, const Expand& expand, std::string_view working_dir) {
  const std::string shown = "--mount=" + std::string(text);
  const Doing doing(shown.c_str());
  const std::vector<Field> fields = fields_of(text, expand);
  RunMount mount;
  for (const Field& field : fields) {
    if (field.name == "type") mount.kind = parse_kind(field.value);
  }
  mount.readonly = mount.kind == Kind::bind || mount.kind == Kind::secret;
  for (const Field& field : fields) {
    if (field.name == "type") continue;
    if (std::find(kFields.begin(), kFields.end(), field.name) == kFields.end()) {
      throw_unknown(field.name);
    }
    if (!fits(field.name, mount.kind)) {
      throw Error("'" + std::string(field.name) + "' is not supported with this type");
    }
    take_field(field, mount);
  }
  complete_target(working_dir, mount);
  return mount;
}

}  // namespace

std::vector<RunMount> run_mounts(const Instruction& instruction, const Expand& expand,
                                 std::string_view working_dir) {
  std::vector<RunMount> mounts;
  for (const Flag& flag : instruction.flags) {
    if (flag.name == "mount") mounts.push_back(parse_mount(flag.value, expand, working_dir));
  }
  return mounts;
}

std::vector<std::string> sources_of_mounts(const Instruction& instruction) {
  const auto as_written = [](std::string_view text) { return std::string(text); };
  constexpr const char* kSomewhere = "/somewhere";  // targets are not asked for here
  std::vector<std::string> sources;
  for (const RunMount& mount : run_mounts(instruction, as_written, kSomewhere)) {
    if (!mount.from.empty()) sources.push_back(mount.from);
  }
  return sources;
}

}  // namespace gocker
