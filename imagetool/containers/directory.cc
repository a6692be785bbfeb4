#include "imagetool/containers/directory.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

bool is_name(std::string_view text) {
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0; };
  return !text.empty() && text.size() < NAME_MAX && is_plain(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [&](unsigned char c) {
           return is_plain(c) || c == '_' || c == '.' || c == '-';
         });
}

bool exists(const Places& places, const std::string& id) {
  return static_cast<bool>(open_if_exists(places.container(id), O_PATH | O_DIRECTORY));
}

// Nothing where nobody has the name.
std::optional<std::string> owner_of(const Places& places, const std::string& name) {
  std::array<char, 64> target{};
  const Fd names = open_directory(places.names());
  const ssize_t length = ::readlinkat(names.get(), name.c_str(), target.data(), target.size());
  if (length < 0) return std::nullopt;
  return std::string(target.data(), static_cast<size_t>(length));
}

std::vector<std::string> names(const Places& places) {
  return list_directory(open_file(places.names(), O_RDONLY | O_DIRECTORY), places.names());
}

[[noreturn]] void throw_taken(const std::string& name, const std::string& owner) {
  throw Error("name '" + name + "' is taken by container " + owner + "; gocker rm " + name +
              " removes it");
}

[[noreturn]] void throw_unknown(const Places& places, const std::string& text) {
  const std::vector<std::string> known = names(places);
  const std::string_view meant = nearest(text, {known.begin(), known.end()});
  const std::string hint =
      meant.empty() ? "; gocker ps -a lists them" : "; did you mean '" + std::string(meant) + "'?";
  throw Error("no container '" + text + "'" + hint);
}

}  // namespace

std::string new_container_id(const Places& places) {
  for (;;) {
    std::array<unsigned char, 6> bytes{};
    check(::getrandom(bytes.data(), bytes.size(), 0), "getrandom");
    std::string id;
    for (const unsigned byte : bytes) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      id += kDigits[byte >> 4U];
      id += kDigits[byte & 15U];
    }
    // All digits would be taken for a number by some who read it.
    const bool has_letter = id.find_first_of("abcdef") != std::string::npos;
    if (has_letter && !exists(places, id)) return id;
  }
}

void check_container_name(std::string_view name) {
  if (is_name(name)) return;
  throw Error("'" + std::string(name) +
              "' is no name for a container: letters, digits, '_', '.' and '-' only");
}

void claim_name(const Places& places, const std::string& name, const std::string& id) {
  check_container_name(name);
  const Fd names = open_directory(places.names());
  while (::symlinkat(id.c_str(), names.get(), name.c_str()) != 0) {
    if (errno != EEXIST) throw_errno("take the name", name);
    const std::optional<std::string> owner = owner_of(places, name);
    if (owner && exists(places, *owner)) throw_taken(name, *owner);
    if (owner) release_name(places, name, *owner);
  }
}

void release_name(const Places& places, const std::string& name, const std::string& id) {
  if (name.empty() || owner_of(places, name) != id) return;
  ::unlinkat(open_directory(places.names()).get(), name.c_str(), 0);
}

std::vector<std::string> container_ids(const Places& places) {
  return list_directory(open_file(places.containers(), O_RDONLY | O_DIRECTORY),
                        places.containers());
}

std::string find_container(const Places& places, const std::string& text) {
  if (!is_name(text)) throw Error("no container '" + text + "'");
  if (exists(places, text)) return text;
  if (const auto owner = owner_of(places, text); owner && exists(places, *owner)) return *owner;
  std::vector<std::string> matches = container_ids(places);
  std::erase_if(matches, [&](const std::string& id) { return !id.starts_with(text); });
  if (matches.empty()) throw_unknown(places, text);
  if (matches.size() > 1) {
    throw Error("'" + text + "' begins the ids of " + std::to_string(matches.size()) +
                " containers; give more of it");
  }
  return matches.front();
}

}  // namespace gocker
