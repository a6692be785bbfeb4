#include "imagetool/bundle/mount_options.h"

#include <algorithm>
#include <array>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::array kPropagations = {"private", "rprivate", "shared",
                                      "rshared", "slave",    "rslave"};

[[noreturn]] void refuse(std::string_view text, const std::string& reason) {
  throw Error("'" + std::string(text) + "' is no mount: " + reason);
}

bool is_propagation(std::string_view word) {
  return std::find(kPropagations.begin(), kPropagations.end(), word) != kPropagations.end();
}

// As volumes are named: letters, digits, '_', '.' and '-', the first a letter or digit.
bool is_volume_name(std::string_view name) {
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0; };
  return !name.empty() && is_plain(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [&](unsigned char c) {
           return is_plain(c) || c == '_' || c == '.' || c == '-';
         });
}

bool is_relative_path(std::string_view source) {
  return source == "." || source == ".." || source.starts_with("./") || source.starts_with("../");
}

void require_absolute(std::string_view text, std::string_view destination) {
  if (!destination.starts_with('/') || destination == "/") {
    refuse(text, "the destination must be absolute and not /");
  }
}

// What both spellings say.
struct Wanted {
  std::string source;
  std::string destination;
  bool readonly = false;
  bool copy = true;
  std::string propagation = "rprivate";
};

BindMount bind_of(std::string_view text, const Wanted& wanted, std::string_view here) {
  std::string source = wanted.source;
  if (is_relative_path(source)) source = std::string(here) + "/" + source;
  if (!source.starts_with('/')) refuse(text, "the source must be absolute or begin with ./");
  return {source, wanted.destination, wanted.readonly, wanted.propagation};
}

VolumeMount volume_of(std::string_view text, const Wanted& wanted) {
  if (!wanted.source.empty() && !is_volume_name(wanted.source)) {
    refuse(text, "a volume's name has letters, digits, '_', '.' and '-' only; a path is absolute");
  }
  return {wanted.source, wanted.destination, wanted.readonly, wanted.copy};
}

void take_word(std::string_view text, std::string_view word, Wanted& wanted) {
  if (word == "ro" || word == "rw") {
    wanted.readonly = word == "ro";
  } else if (word == "nocopy") {
    wanted.copy = false;
  } else if (is_propagation(word)) {
    wanted.propagation = word;
  } else if (word != "z" && word != "Z") {
    refuse(text, "unknown option '" + std::string(word) + "' (ro, rw, nocopy, rshared, ...)");
  }
}

// --- --mount -----------------------------------------------------------------------------------

struct Field {
  std::string_view name;
  std::string_view value;
};

bool is_true(std::string_view value) {
  return value.empty() || value == "true" || value == "1";
}

void take_field(std::string_view text, const Field& field, Wanted& wanted, TmpfsMount& tmpfs) {
  const auto [name, value] = field;
  if (name == "source" || name == "src") {
    wanted.source = value;
  } else if (name == "target" || name == "destination" || name == "dst") {
    wanted.destination = value;
  } else if (name == "readonly" || name == "ro") {
    wanted.readonly = is_true(value);
  } else if (name == "volume-nocopy") {
    wanted.copy = !is_true(value);
  } else if (name == "bind-propagation" && is_propagation(value)) {
    wanted.propagation = value;
  } else if (name == "tmpfs-size") {
    tmpfs.options.push_back("size=" + std::string(value));
  } else if (name == "tmpfs-mode") {
    tmpfs.options.push_back("mode=" + std::string(value));
  } else {
    refuse(text, "unknown field '" + std::string(name) + "'");
  }
}

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  for (const std::string_view word : split(list, ',')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

}  // namespace

MountOption parse_volume_option(std::string_view text, std::string_view here) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() > 3) refuse(text, "it takes [SOURCE:]DESTINATION[:OPTION,...]");
  Wanted wanted;
  wanted.destination = parts[parts.size() == 1 ? 0 : 1];
  if (parts.size() > 1) {
    wanted.source = parts[0];
    if (wanted.source.empty()) refuse(text, "the source is empty");
  }
  require_absolute(text, wanted.destination);
  if (parts.size() == 3) {
    for (const std::string& word : words_of(parts[2])) take_word(text, word, wanted);
  }
  const bool is_path =
      wanted.source.find('/') != std::string::npos || wanted.source == "." || wanted.source == "..";
  if (is_path) return bind_of(text, wanted, here);
  return volume_of(text, wanted);
}

MountOption parse_mount_option(std::string_view text, std::string_view here) {
  std::string type = "volume";
  Wanted wanted;
  TmpfsMount tmpfs;
  for (const std::string& word : words_of(text)) {
    const size_t equals = word.find('=');
    const Field field{std::string_view(word).substr(0, equals),
                      equals == std::string::npos ? std::string_view()
                                                  : std::string_view(word).substr(equals + 1)};
    if (field.name == "type") {
      type = field.value;
    } else {
      take_field(text, field, wanted, tmpfs);
    }
  }
  require_absolute(text, wanted.destination);
  if (type == "bind") return bind_of(text, wanted, here);
  if (type == "volume") return volume_of(text, wanted);
  if (type != "tmpfs") refuse(text, "type is bind, volume or tmpfs");
  tmpfs.destination = wanted.destination;
  return tmpfs;
}

TmpfsMount parse_tmpfs_option(std::string_view text) {
  const size_t colon = text.find(':');
  TmpfsMount mount{std::string(text.substr(0, colon)), {}};
  require_absolute(text, mount.destination);
  if (colon != std::string_view::npos) mount.options = words_of(text.substr(colon + 1));
  return mount;
}

}  // namespace gocker
