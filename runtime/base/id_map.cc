#include "runtime/base/id_map.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// The kernel takes UID_GID_MAP_MAX_EXTENTS of them, in one write(2) of less than a page.
constexpr size_t kMaxExtents = 340;
constexpr size_t kMaxBytes = 4095;

// "0 100000 65536\n" a mapping, as uid_map and gid_map want it.
std::string id_map_lines(const std::vector<IdRange>& ranges) {
  std::string lines;
  for (const IdRange& range : ranges) {
    lines += std::to_string(range.inside) + " " + std::to_string(range.outside) + " " +
             std::to_string(range.size) + "\n";
  }
  return lines;
}

void write_id_map(const std::string& directory, const std::string& file,
                  const std::vector<IdRange>& ranges) {
  const Doing doing("write", file);
  if (ranges.empty()) throw Error("there are no mappings", EINVAL);
  const std::string lines = id_map_lines(ranges);
  if (ranges.size() > kMaxExtents || lines.size() > kMaxBytes) {
    throw Error(std::to_string(ranges.size()) + " mappings in " + std::to_string(lines.size()) +
                    " bytes: the kernel takes at most 340 in 4095",
                EINVAL);
  }
  write_file(directory + file, lines);
}

// One of the two maps, as an ordinary user writes it.
struct IdKind {
  const char* map;
  const char* helper;  // shadow-utils' set-user-id program
  const char* ranges;  // which says what the helper may map for whom
  uint32_t own_id;
  bool needs_setgroups_denied;
};

std::string find_helper(const IdKind& kind) {
  for (const char* folder : {"/usr/bin/", "/usr/local/bin/", "/bin/", "/run/wrappers/bin/"}) {
    std::string path = std::string(folder) + kind.helper;
    if (open_if_exists(path, O_PATH)) return path;
  }
  throw Error(std::string("more than your own id needs ") + kind.helper +
              ", which is not installed (Debian's package uidmap has it)");
}

void run_helper(pid_t pid, const IdKind& kind, const std::vector<IdRange>& ranges) {
  const std::string helper = find_helper(kind);
  std::vector<std::string> args{kind.helper, std::to_string(pid)};
  for (const IdRange& range : ranges) {
    for (const uint32_t number : {range.inside, range.outside, range.size}) {
      args.push_back(std::to_string(number));
    }
  }
  const CommandResult done = run_command({.path = helper, .args = args, .env = {}});
  if (done.wait_status == 0) return;
  const std::string_view words = trim(done.errors);
  const std::string user = std::to_string(::geteuid());
  throw Error(std::string(words.empty() ? helper : words)
                  .append(" (does ")
                  .append(kind.ranges)
                  .append(" have a line such as ")
                  .append(user)
                  .append(":100000:65536?)"),
              EPERM);
}

// The kernel lets a user map one id, the own one, once setgroups(2) is denied in the namespace;
// for others there are the helpers.
void write_as_user(pid_t pid, const IdKind& kind, const std::vector<IdRange>& ranges) {
  const bool only_own =
      ranges.size() == 1 && ranges[0].size == 1 && ranges[0].outside == kind.own_id;
  if (!only_own) return run_helper(pid, kind, ranges);
  const std::string directory = "/proc/" + std::to_string(pid) + "/";
  if (kind.needs_setgroups_denied) write_file(directory + "setgroups", "deny");
  write_id_map(directory, kind.map, ranges);
}

}  // namespace

void write_id_maps(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const Doing doing("map ids of the user namespace");
  if (::geteuid() != 0) {  // by now: a user may have become root of a namespace of its own
    write_as_user(pid, {"uid_map", "newuidmap", "/etc/subuid", ::geteuid(), false}, uids);
    write_as_user(pid, {"gid_map", "newgidmap", "/etc/subgid", ::getegid(), true}, gids);
    return;
  }
  const std::string directory = "/proc/" + std::to_string(pid) + "/";
  write_id_map(directory, "uid_map", uids);
  write_id_map(directory, "gid_map", gids);
}

Fd make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const Doing doing("make a user namespace");
  const pid_t caller = ::getpid();
  std::optional<Child> child = clone_child(CLONE_NEWUSER, Fd());
  if (!child) {
    end_with_parent(caller);
    while (true) ::pause();
  }
  write_id_maps(child->pid(), uids, gids);
  return open_file("/proc/" + std::to_string(child->pid()) + "/ns/user", O_RDONLY);
}

}  // namespace gocker
