#include "oci-spec/validate.h"

#include <algorithm>

#include "oci-spec/validate_parts.h"

namespace oci {
namespace {

constexpr size_t kLongestHostname = 64;  // __NEW_UTS_LEN
constexpr size_t kMostMappings = 340;    // user_namespaces(7)

// --- ociVersion --------------------------------------------------------------------------------

bool is_number(std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return digits && (text.size() == 1 || text.front() != '0');
}

// "rc.1", the part of a version behind - or +.
bool are_identifiers(std::string_view text) {
  constexpr std::string_view kAllowed =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.";
  const bool empty_one =
      text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos;
  return !empty_one && text.find_first_not_of(kAllowed) == text.npos;
}

// Takes the text behind the first `mark` off `text`; true if there is none or it is well-formed.
bool take_suffix(std::string_view& text, char mark) {
  const size_t at = text.find(mark);
  if (at == text.npos) return true;
  const std::string_view suffix = text.substr(at + 1);
  text = text.substr(0, at);
  return are_identifiers(suffix);
}

bool is_semantic_version(std::string_view text) {
  if (!take_suffix(text, '+') || !take_suffix(text, '-')) return false;
  const size_t first = text.find('.');
  if (first == text.npos) return false;
  const size_t second = text.find('.', first + 1);
  if (second == text.npos) return false;
  return is_number(text.substr(0, first)) &&
         is_number(text.substr(first + 1, second - first - 1)) &&
         is_number(text.substr(second + 1));
}

void check_version(std::string_view version, const JsonPlace& at) {
  if (!is_semantic_version(version)) {
    at.refuse("must be a version such as 1.0.2, not " + quote(version));
  }
  if (!version.starts_with("1.")) {
    at.refuse("version " + std::string(version) + " is not supported: only 1.x is (up to " +
              std::string(kVersion) + ")");
  }
}

// --- root, mounts, hooks, annotations ------------------------------------------------------------

void check_root(const Spec& spec, const JsonPlace& at) {
  if (!spec.root) at.refuse("is required");
  if (spec.root->path.empty()) JsonPlace(at, "path").refuse("must not be empty");
}

void check_uts_name(const Spec& spec, const std::string& name, const JsonPlace& at) {
  if (name.empty()) return;
  if (spec.linux_.find_namespace(NamespaceType::uts) == nullptr) {
    at.refuse("needs an entry of type uts in /linux/namespaces, or the host would be renamed");
  }
  if (name.size() > kLongestHostname) {
    at.refuse("must have at most " + std::to_string(kLongestHostname) + " bytes, not " +
              std::to_string(name.size()));
  }
}

void check_mount(const Mount& mount, const JsonPlace& at) {
  check_absolute(mount.destination, JsonPlace(at, "destination"));
  check_mappings(mount.uid_mappings, JsonPlace(at, "uidMappings"));
  check_mappings(mount.gid_mappings, JsonPlace(at, "gidMappings"));
  if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
    at.refuse("must have uidMappings and gidMappings, or neither");
  }
}

void check_mount(const Spec& spec, const Mount& mount, const JsonPlace& at) {
  check_mount(mount, at);
  const bool idmapped = std::ranges::any_of(mount.options, [](const std::string& option) {
    return option == "idmap" || option == "ridmap";
  });
  const bool own_mappings = !mount.uid_mappings.empty();
  if (idmapped && !own_mappings && spec.linux_.find_namespace(NamespaceType::user) == nullptr) {
    JsonPlace(at, "options").refuse("idmap needs uidMappings and gidMappings, or a user namespace");
  }
}

void check_hooks_at_one_point(const std::vector<Hook>& hooks, const JsonPlace& at) {
  at.for_each(hooks, [](const Hook& hook, const JsonPlace& here) {
    check_absolute(hook.path, JsonPlace(here, "path"));
    check_environment(hook.env, JsonPlace(here, "env"));
    if (hook.timeout == 0u) JsonPlace(here, "timeout").refuse("must be more than 0");
  });
}

void check_hooks(const Hooks& hooks, const JsonPlace& at) {
  check_hooks_at_one_point(hooks.prestart, JsonPlace(at, "prestart"));
  check_hooks_at_one_point(hooks.create_runtime, JsonPlace(at, "createRuntime"));
  check_hooks_at_one_point(hooks.create_container, JsonPlace(at, "createContainer"));
  check_hooks_at_one_point(hooks.start_container, JsonPlace(at, "startContainer"));
  check_hooks_at_one_point(hooks.poststart, JsonPlace(at, "poststart"));
  check_hooks_at_one_point(hooks.poststop, JsonPlace(at, "poststop"));
}

// --- id mappings -------------------------------------------------------------------------------

bool overlap(uint32_t first, uint32_t first_size, uint32_t second, uint32_t second_size) {
  return uint64_t{first} < uint64_t{second} + second_size &&
         uint64_t{second} < uint64_t{first} + first_size;
}

void check_mapping(const IdMapping& mapping, const JsonPlace& at) {
  if (mapping.size == 0) JsonPlace(at, "size").refuse("must be more than 0");
  // The last id of all, 4294967295, means "no id" and cannot be mapped.
  constexpr uint64_t kEnd = 0xFFFFFFFF;
  const uint64_t last_start = std::max(mapping.container_id, mapping.host_id);
  if (last_start + mapping.size > kEnd) {
    JsonPlace(at, "size").refuse("reaches past the largest id, 4294967294");
  }
}

}  // namespace

void check_absolute(std::string_view path, const JsonPlace& at) {
  if (!path.starts_with('/')) at.refuse("must be absolute, not " + quote(path));
}

void check_known(std::string_view name, Names known, const JsonPlace& at) {
  if (std::ranges::find(known, name) != known.end()) return;
  std::string problem = "must be one of ";
  for (const std::string_view one : known) problem.append(one).append(", ");
  problem.resize(problem.size() - 2);
  at.refuse(problem + ", not " + quote(name));
}

void check_environment(const std::vector<std::string>& env, const JsonPlace& at) {
  at.for_each(env, [](const std::string& entry, const JsonPlace& here) {
    if (entry.empty() || entry.front() == '=') {
      here.refuse("must be NAME=value, not " + quote(entry));
    }
  });
}

void check_mappings(const std::vector<IdMapping>& mappings, const JsonPlace& at) {
  if (mappings.size() > kMostMappings) {
    at.refuse("has " + std::to_string(mappings.size()) + " entries; the kernel takes at most " +
              std::to_string(kMostMappings));
  }
  for (size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& one = mappings[i];
    check_mapping(one, JsonPlace(at, i));
    for (size_t j = 0; j < i; ++j) {
      const IdMapping& other = mappings[j];
      if (overlap(one.container_id, one.size, other.container_id, other.size) ||
          overlap(one.host_id, one.size, other.host_id, other.size)) {
        JsonPlace(at, i).refuse("overlaps with entry " + std::to_string(j));
      }
    }
  }
}

void validate(const Spec& spec, std::string_view file, Findings* findings) {
  const JsonPlace top(file, findings);
  top.attempt([&] { check_version(spec.oci_version, JsonPlace(top, "ociVersion")); });
  top.attempt([&] { check_root(spec, JsonPlace(top, "root")); });
  if (spec.process) check_process(*spec.process, JsonPlace(top, "process"));
  top.attempt([&] { check_uts_name(spec, spec.hostname, JsonPlace(top, "hostname")); });
  top.attempt([&] { check_uts_name(spec, spec.domainname, JsonPlace(top, "domainname")); });
  JsonPlace(top, "mounts").for_each(spec.mounts, [&](const Mount& mount, const JsonPlace& here) {
    check_mount(spec, mount, here);
  });
  check_hooks(spec.hooks, JsonPlace(top, "hooks"));
  top.attempt([&] {
    if (spec.annotations.contains("")) JsonPlace(top, "annotations").refuse("has an empty name");
  });
  check_linux(spec, top);
}

void validate(const Process& process, std::string_view file, std::string_view json_path) {
  check_process(process, JsonPlace(file, json_path));
}

void validate(const std::vector<Mount>& mounts, std::string_view file) {
  JsonPlace(JsonPlace(file), "mounts")
      .for_each(mounts, [](const Mount& mount, const JsonPlace& at) { check_mount(mount, at); });
}

}  // namespace oci
