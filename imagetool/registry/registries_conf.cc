#include "imagetool/registry/registries_conf.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "imagetool/registry/toml.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

[[noreturn]] void reject(std::string_view file, const TomlSection& section, std::string_view why) {
  throw Error(
      std::string(file).append(":").append(std::to_string(section.line)).append(": ").append(why));
}

MirrorUse mirror_use(const TomlSection& section, std::string_view file) {
  const std::string use = section.text("pull-from-mirror");
  if (use.empty() || use == "all") return MirrorUse::all;
  if (use == "digest-only") return MirrorUse::digest_only;
  if (use == "tag-only") return MirrorUse::tag_only;
  reject(file, section, "pull-from-mirror must be all, digest-only or tag-only");
}

RegistryRule rule_of(const TomlSection& section, std::string_view file) {
  RegistryRule rule;
  rule.prefix = section.text("prefix");
  rule.location = section.text("location");
  rule.insecure = section.flag("insecure");
  rule.blocked = section.flag("blocked");
  if (rule.prefix.empty()) rule.prefix = rule.location;
  if (rule.prefix.empty()) reject(file, section, "a registry needs a prefix or a location");
  return rule;
}

RegistryMirror mirror_of(const TomlSection& section, std::string_view file) {
  RegistryMirror mirror;
  mirror.location = section.text("location");
  mirror.insecure = section.flag("insecure");
  mirror.use = mirror_use(section, file);
  if (mirror.location.empty()) reject(file, section, "a mirror needs a location");
  return mirror;
}

// How much of `name` the rule's prefix covers; 0 where it does not fit.
size_t covered(const std::string& prefix, const std::string& name) {
  if (prefix.starts_with("*.")) {
    const size_t host = std::min(name.find_first_of("/:"), name.size());
    const std::string_view suffix = std::string_view(prefix).substr(1);
    return name.substr(0, host).ends_with(suffix) ? host : 0;
  }
  if (!name.starts_with(prefix)) return 0;
  return name.size() == prefix.size() || name[prefix.size()] == '/' ? prefix.size() : 0;
}

Endpoint endpoint_of(const std::string& name, bool insecure) {
  const size_t slash = name.find('/');
  Endpoint endpoint{name.substr(0, slash), name.substr(slash + 1),
                    insecure ? Transport::insecure : Transport::usual};
  // Docker Hub's API has a name of its own, where every repository has two parts.
  if (endpoint.host == "docker.io") endpoint.host = "registry-1.docker.io";
  return endpoint;
}

bool serves(const RegistryMirror& mirror, const Reference& reference) {
  if (mirror.use == MirrorUse::all) return true;
  return (mirror.use == MirrorUse::digest_only) == !reference.digest.empty();
}

void add_file(std::vector<RegistryRule>& rules, const std::string& path) {
  const Fd fd = open_if_exists(path, O_RDONLY);
  if (!fd) return;
  for (RegistryRule& rule : parse_registries_conf(read_all(fd, path), path)) {
    std::erase_if(rules, [&](const RegistryRule& old) { return old.prefix == rule.prefix; });
    rules.push_back(std::move(rule));
  }
}

void add_directory(std::vector<RegistryRule>& rules, const std::string& path) {
  const Fd directory = open_if_exists(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return;
  for (const std::string& name : list_directory(directory, path)) {
    if (name.ends_with(".conf")) add_file(rules, std::string(path).append("/").append(name));
  }
}

}  // namespace

std::vector<RegistryRule> parse_registries_conf(std::string_view text, std::string_view file) {
  std::vector<RegistryRule> rules;
  for (const TomlSection& section : parse_toml(text, file)) {
    if (section.name == "registry") {
      rules.push_back(rule_of(section, file));
    } else if (section.name == "registry.mirror") {
      if (rules.empty()) reject(file, section, "a mirror stands before any registry");
      rules.back().mirrors.push_back(mirror_of(section, file));
    }
  }
  return rules;
}

std::vector<RegistryRule> load_registries_conf() {
  std::vector<RegistryRule> rules;
  std::string named = environment("GOCKER_REGISTRIES_CONF");
  if (named.empty()) named = environment("CONTAINERS_REGISTRIES_CONF");
  if (!named.empty()) return parse_registries_conf(read_file(named), named);
  const std::string home = environment("HOME") + "/.config/containers";
  const bool own = static_cast<bool>(open_if_exists(home + "/registries.conf", O_PATH));
  const std::string base = own ? home : "/etc/containers";
  add_file(rules, base + "/registries.conf");
  add_directory(rules, base + "/registries.conf.d");
  return rules;
}

std::vector<Endpoint> endpoints_of(const Reference& reference,
                                   const std::vector<RegistryRule>& rules) {
  const std::string name = reference.repository();
  const RegistryRule* best = nullptr;
  size_t length = 0;
  for (const RegistryRule& rule : rules) {
    const size_t count = covered(rule.prefix, name);
    if (count <= length) continue;
    best = &rule;
    length = count;
  }
  if (best == nullptr) return {endpoint_of(name, false)};
  if (best->blocked) throw Error("registries.conf blocks " + best->prefix);
  const std::string rest = name.substr(length);
  std::vector<Endpoint> endpoints;
  for (const RegistryMirror& mirror : best->mirrors) {
    if (!serves(mirror, reference)) continue;
    endpoints.push_back(endpoint_of(mirror.location + rest, mirror.insecure));
  }
  const std::string moved = best->location.empty() ? name : best->location + rest;
  endpoints.push_back(endpoint_of(moved, best->insecure));
  return endpoints;
}

}  // namespace gocker
