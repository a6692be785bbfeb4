#include "runtime/linux/intel_rdt.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "runtime/linux/host_mounts.h"

namespace gocker {
namespace {

constexpr const char* kTasks = "tasks";
constexpr const char* kSchemata = "schemata";

bool sets_schemata(const oci::IntelRdt& config) {
  return !config.l3_cache_schema.empty() || !config.mem_bw_schema.empty() || config.schemata;
}

bool is_there(const std::string& directory) {
  return static_cast<bool>(open_if_exists(directory, O_PATH | O_DIRECTORY));
}

// "domain -> value" of a line such as "   L3:0=07f;1=f", and the name before the colon.
struct Schema {
  std::string_view name;
  std::map<std::string_view, std::string_view> values;
};

std::string_view without_zeros(std::string_view number) {
  const size_t digit = number.find_first_not_of('0');
  return number.substr(digit == std::string_view::npos ? number.size() : digit);
}

Schema parse_schema(std::string_view line) {
  const size_t colon = std::min(line.find(':'), line.size());
  Schema schema{trim(line.substr(0, colon)), {}};
  for (const std::string_view field : split(line.substr(std::min(colon + 1, line.size())), ';')) {
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    schema.values[trim(field.substr(0, equals))] = without_zeros(trim(field.substr(equals + 1)));
  }
  return schema;
}

// The kernel's own words for the last thing that it refused: "mask f3 has non-consecutive 1-bits".
std::string last_command_status(const Fd& group) {
  for (const char* path : {"info/last_cmd_status", "../info/last_cmd_status"}) {
    const auto status = read_if_exists_at(group, path);
    if (status && trim(*status) != "ok") return " (" + std::string(trim(*status)) + ")";
  }
  return {};
}

void write_schema(const Fd& group, const std::string& line) {
  const Doing doing("write schemata", line);
  try {
    write_file_at(group, kSchemata, line + "\n");
  } catch (const Error& refused) {
    const std::string words = last_command_status(group);
    if (words.empty()) throw;
    throw Error(errno_text(refused.code()) + words, refused.code());
  }
}

void write_schemata(const Fd& group, const oci::IntelRdt& config, bool made) {
  const std::string schemata = made ? "" : read_file_at(group, kSchemata);
  for (const std::string* line : {&config.l3_cache_schema, &config.mem_bw_schema}) {
    if (line->empty()) continue;
    if (made) {
      write_schema(group, *line);
    } else if (!has_rdt_schema(schemata, *line)) {
      throw Error("the class is there already and has another schema than " + *line, EEXIST);
    }
  }
  for (const std::string& line : config.schemata.value_or(std::vector<std::string>{})) {
    write_schema(group, line);
  }
}

void make_directory(const std::string& path) {
  const SplitPath parts = split_path(path);
  const Fd parent = open_directory(std::string(parts.parent));
  if (::mkdirat(parent.get(), std::string(parts.name).c_str(), 0755) == 0) return;
  const int code = errno;
  if (code == ENOSPC) throw Error("make " + path + ": the processor has no more groups", code);
  throw_errno_value(code, "make", path);
}

}  // namespace

std::vector<std::string> RdtGroups::own_directories() const {
  std::vector<std::string> directories;
  if (!monitoring.empty()) directories.push_back(monitoring);
  if (make_control) directories.push_back(control);
  return directories;
}

std::string find_resctrl() {
  for (const MountInfo& mount : parse_mountinfo(read_file("/proc/self/mountinfo"))) {
    if (mount.type == "resctrl") return mount.mount_point;
  }
  throw Error(
      "config.json: /linux/intelRdt: no resctrl is mounted on this host (mount -t resctrl resctrl "
      "/sys/fs/resctrl, where the processor has it)",
      ENODEV);
}

RdtGroups find_rdt_groups(const oci::IntelRdt& config, const std::string& container_id,
                          const std::string& resctrl) {
  const std::string& name = config.clos_id.empty() ? container_id : config.clos_id;
  RdtGroups groups;
  groups.control = name == "/" ? resctrl : resctrl + "/" + name;
  if (config.enable_monitoring) groups.monitoring = groups.control + "/mon_groups/" + container_id;
  return groups;
}

RdtGroups plan_rdt_groups(const oci::IntelRdt& config, const std::string& container_id,
                          const std::string& resctrl) {
  RdtGroups groups = find_rdt_groups(config, container_id, resctrl);
  const bool there = is_there(groups.control);
  if (config.clos_id.empty()) {
    if (there)
      throw Error("config.json: /linux/intelRdt: " + groups.control + " is there already", EEXIST);
    groups.make_control = true;
  } else if (!there && !sets_schemata(config)) {
    throw Error("config.json: /linux/intelRdt/closID: there is no class " +
                    json_quote(config.clos_id) + ", and no schema to make it with",
                ENOENT);
  }
  return groups;
}

void make_rdt_groups(const RdtGroups& groups, const oci::IntelRdt& config) {
  const Doing doing("config.json: /linux/intelRdt:", groups.control);
  const bool made = !is_there(groups.control);
  if (made) make_directory(groups.control);
  if (sets_schemata(config)) write_schemata(open_directory(groups.control), config, made);
  if (!groups.monitoring.empty()) make_directory(groups.monitoring);
}

void update_rdt_schemata(const RdtGroups& groups, const std::string& l3_cache_schema,
                         const std::string& mem_bw_schema) {
  const Doing doing("update", groups.control);
  const Fd group = open_directory(groups.control);
  for (const std::string* line : {&l3_cache_schema, &mem_bw_schema}) {
    if (!line->empty()) write_schema(group, *line);
  }
}

void join_rdt_groups(const RdtGroups& groups, pid_t pid) {
  const Doing doing("config.json: /linux/intelRdt: join", groups.control);
  const std::string text = std::to_string(pid);
  write_file_at(open_directory(groups.control), kTasks, text);
  if (!groups.monitoring.empty()) write_file_at(open_directory(groups.monitoring), kTasks, text);
}

void remove_rdt_directories(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    const SplitPath parts = split_path(directory);
    const Fd parent = open_if_exists(std::string(parts.parent), O_PATH | O_DIRECTORY);
    if (!parent) continue;
    const std::string name(parts.name);
    if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
      throw_errno("remove", directory);
    }
  }
}

bool has_rdt_schema(std::string_view schemata, std::string_view line) {
  const Schema wanted = parse_schema(line);
  for (const std::string_view text : split(schemata, '\n')) {
    const Schema schema = parse_schema(text);
    if (schema.name != wanted.name) continue;
    return std::all_of(wanted.values.begin(), wanted.values.end(), [&](const auto& pair) {
      const auto found = schema.values.find(pair.first);
      return found != schema.values.end() && found->second == pair.second;
    });
  }
  return false;
}

}  // namespace gocker
