#include "imagetool/bundle/user_lookup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kMaxId = std::numeric_limits<uint32_t>::max() - 1;  // the next means "none"

struct Account {  // a line of passwd
  std::string name;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string home;
};

struct Group {  // a line of group
  std::string name;
  uint32_t gid = 0;
  std::vector<std::string> members;
};

std::optional<uint32_t> parse_id(std::string_view text) {
  const std::optional<uint64_t> id = parse_u64(text, kMaxId);
  return id ? std::optional(static_cast<uint32_t>(*id)) : std::nullopt;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

uint32_t require_id(std::string_view text) {
  const std::optional<uint32_t> id = parse_id(text);
  if (!id) throw Error(std::string(text) + " is beyond 4294967294, the highest id");
  return *id;
}

// The lines of a text file of the image, each split at its colons; none where there is no such
// file. A FIFO or device in its place must not make us wait.
std::vector<std::vector<std::string>> read_table(const RootDir& rootfs, const char* path) {
  const Fd file = rootfs.open_if_exists(path, O_RDONLY | O_NONBLOCK);
  if (!file || !S_ISREG(stat_fd(file, path).st_mode)) return {};
  const std::string text = read_all(file, path);
  std::vector<std::vector<std::string>> table;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view content = trim(line);
    if (content.empty() || content.front() == '#') continue;
    std::vector<std::string> fields;
    for (const std::string_view field : split(content, ':')) fields.emplace_back(field);
    table.push_back(std::move(fields));
  }
  return table;
}

std::vector<Account> read_accounts(const RootDir& rootfs) {
  std::vector<Account> accounts;
  for (const std::vector<std::string>& fields : read_table(rootfs, "/etc/passwd")) {
    if (fields.size() < 4) continue;
    const auto uid = parse_id(fields[2]);
    const auto gid = parse_id(fields[3]);
    if (uid && gid) {
      accounts.push_back({fields[0], *uid, *gid, fields.size() > 5 ? fields[5] : ""});
    }
  }
  return accounts;
}

std::vector<Group> read_groups(const RootDir& rootfs) {
  std::vector<Group> groups;
  for (const std::vector<std::string>& fields : read_table(rootfs, "/etc/group")) {
    if (fields.size() < 3) continue;
    const auto gid = parse_id(fields[2]);
    if (!gid) continue;
    Group group{fields[0], *gid, {}};
    if (fields.size() > 3) {
      for (const std::string_view member : split(fields[3], ',')) {
        group.members.emplace_back(trim(member));
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<uint32_t> groups_of(std::string_view user, const RootDir& rootfs) {
  std::vector<uint32_t> gids;
  for (const Group& group : read_groups(rootfs)) {
    const bool is_member =
        std::find(group.members.begin(), group.members.end(), user) != group.members.end();
    if (is_member && std::find(gids.begin(), gids.end(), group.gid) == gids.end()) {
      gids.push_back(group.gid);
    }
  }
  return gids;
}

}  // namespace

uint32_t look_up_group(std::string_view name, const RootDir& rootfs) {
  if (is_number(name)) return require_id(name);
  for (const Group& group : read_groups(rootfs)) {
    if (group.name == name) return group.gid;
  }
  throw Error("no group " + std::string(name) + " in the image's /etc/group");
}

ImageUser look_up_user(std::string_view user, const RootDir& rootfs) {
  const Doing doing("look up user", user);
  const size_t colon = user.find(':');
  const bool has_group = colon != std::string_view::npos;
  const std::string_view given = user.substr(0, colon);
  const std::string_view name = given.empty() ? "0" : given;
  const bool is_id = is_number(name);

  ImageUser found{.home = "/"};
  if (is_id) found.ids.uid = require_id(name);
  const std::vector<Account> accounts = read_accounts(rootfs);
  const auto account = std::find_if(accounts.begin(), accounts.end(), [&](const Account& line) {
    return is_id ? line.uid == found.ids.uid : line.name == name;
  });
  if (account != accounts.end()) {
    found.ids.uid = account->uid;
    found.ids.gid = account->gid;
    if (account->home.starts_with('/')) found.home = account->home;
  } else if (!is_id) {
    throw Error("no such name in the image's /etc/passwd");
  }
  if (has_group) {
    found.ids.gid = look_up_group(user.substr(colon + 1), rootfs);
  } else if (!is_id) {
    found.ids.additional_gids = groups_of(name, rootfs);
  }
  return found;
}

}  // namespace gocker
