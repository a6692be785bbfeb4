#include "imagetool/build/source_tree.h"

#include <fcntl.h>

#include <algorithm>

#include "imagetool/build/glob.h"
#include "imagetool/layer/canonical_path.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr size_t kMaxDepth = 256;  // of directories; each takes a descriptor

// "a/b" of "a" and "b", "b" of "" and "b".
std::string joined(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return std::string(directory).append("/").append(name);
}

// Whether `path` climbs above its start.
bool leaves(std::string_view path) {
  int depth = 0;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    depth += part == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

// The root itself has no name to open it by.
std::string openable(const std::string& path) {
  return path.empty() ? "." : path;
}

}  // namespace

std::vector<std::string> SourceTree::find(std::string_view pattern) const {
  const Doing doing("find", pattern);
  if (leaves(pattern)) throw Error("it lies outside; only what is in the source can be copied");
  check_pattern(pattern);
  const std::string path = clean_relative(pattern);
  std::vector<std::string> found;
  if (has_wildcard(path)) {
    std::vector<std::string> parts;
    for (const std::string_view part : split(path, '/')) parts.emplace_back(part);
    find_below("", parts, 0, found);
    if (found.empty()) throw Error("no file fits the pattern", ENOENT);
    return found;
  }
  const bool is_ignored = !path.empty() && rules_.ignores(path) && !rules_.has_exceptions();
  if (is_ignored) throw Error("it is left out by .dockerignore", ENOENT);
  if (!root_.open_if_exists(openable(path), O_PATH)) throw Error("no such file", ENOENT);
  return {path};
}

void SourceTree::find_below(const std::string& directory, const std::vector<std::string>& parts,
                            size_t next, std::vector<std::string>& found) const {
  const Fd fd = root_.open_if_exists(openable(directory), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!fd) return;
  for (const std::string& name : list_directory(fd, directory)) {
    if (!fits_path(parts[next], name)) continue;
    const std::string path = joined(directory, name);
    if (next + 1 < parts.size()) {
      find_below(path, parts, next + 1, found);
    } else if (!rules_.ignores(path) && root_.open_if_exists(path, O_PATH)) {
      found.push_back(path);
    }
  }
}

bool SourceTree::is_directory(const std::string& path) const {
  return S_ISDIR(stat_fd(root_.open(openable(path), O_PATH), path).st_mode);
}

void SourceTree::walk(const std::string& path,
                      const std::function<void(const SourceEntry&)>& visit) const {
  SourceEntry entry{.path = "", .fd = root_.open(openable(path), O_PATH)};
  entry.status = stat_fd(entry.fd, path);
  visit(entry);
  if (!S_ISDIR(entry.status.st_mode)) return;
  walk_directory(root_.open(openable(path), O_RDONLY | O_DIRECTORY), path, "", 0, visit);
}

void SourceTree::walk_directory(const Fd& directory, const std::string& source,
                                const std::string& below, size_t depth,
                                const std::function<void(const SourceEntry&)>& visit) const {
  if (depth > kMaxDepth) {
    throw Error(below + ": nested deeper than " + std::to_string(kMaxDepth) + " directories");
  }
  for (const std::string& name : list_directory(directory, below)) {
    SourceEntry entry{.path = joined(below, name),
                      .fd = open_file_at(directory, name, O_PATH | O_NOFOLLOW)};
    entry.status = stat_fd(entry.fd, entry.path);
    const bool is_directory = S_ISDIR(entry.status.st_mode);
    const bool is_ignored = rules_.ignores(joined(source, entry.path));
    if (is_ignored && !(is_directory && rules_.has_exceptions())) continue;
    if (!is_ignored) visit(entry);
    if (!is_directory) continue;
    walk_directory(open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), source,
                   entry.path, depth + 1, visit);
  }
}

}  // namespace gocker
