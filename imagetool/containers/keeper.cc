#include "imagetool/containers/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

std::string path_of(const Places& places, const std::string& id) {
  return places.keepers() + "/" + id;
}

// "PID START-TIME\n", then "CODE\n" or "unknown\n".
struct Content {
  pid_t process = 0;
  uint64_t start_time = 0;
  bool has_ended = false;
  std::optional<int> exit_code;
};

Content read_content(const Fd& file) {
  std::array<char, 128> buffer{};
  const ssize_t got =
      check(::pread(file.get(), buffer.data(), buffer.size(), 0), "read the keeper");
  const std::string_view text(buffer.data(), static_cast<size_t>(got));
  Content content;
  const std::vector<std::string_view> lines = split(text, '\n');
  const std::vector<std::string_view> words = split(lines[0], ' ');
  if (words.size() == 2) {
    content.process = static_cast<pid_t>(parse_i64(words[0]).value_or(0));
    content.start_time = parse_u64(words[1]).value_or(0);
  }
  if (lines.size() < 3) return content;
  content.has_ended = true;
  if (const auto code = parse_i64(lines[1])) content.exit_code = static_cast<int>(*code);
  return content;
}

bool lives(const Content& content) {
  return content.process > 0 && process_start_time(content.process) == content.start_time;
}

}  // namespace

void set_keeper(const Places& places, const std::string& id, pid_t process) {
  const Fd keepers = open_directory(places.keepers());
  const uint64_t start_time = process_start_time(process).value_or(0);
  replace_file_at(keepers, id, std::to_string(process) + " " + std::to_string(start_time) + "\n",
                  0600);
}

bool has_keeper(const Places& places, const std::string& id) {
  const Fd file = open_if_exists(path_of(places, id), O_RDONLY);
  return file && lives(read_content(file));
}

std::vector<std::string> kept_containers(const Places& places) {
  return list_directory(open_file(places.keepers(), O_RDONLY | O_DIRECTORY), places.keepers());
}

void announce_end(const Places& places, const std::string& id, std::optional<int> exit_code) {
  const std::string path = path_of(places, id);
  const Fd file = open_if_exists(path, O_WRONLY | O_APPEND);
  if (!file) return;
  write_all(file, (exit_code ? std::to_string(*exit_code) : "unknown") + "\n", path);
  ::unlink(path.c_str());
}

EndWatch::EndWatch(const Places& places, const std::string& id)
    : file_(open_if_exists(path_of(places, id), O_RDONLY)) {
  if (!file_) return;
  changes_ = Fd(check(::inotify_init1(IN_CLOEXEC), "inotify_init1"));
  // By the descriptor: the name may be another's by now.
  check(::inotify_add_watch(changes_.get(), descriptor_path(file_).c_str(), IN_MODIFY),
        "inotify_add_watch");
  const Content content = read_content(file_);
  if (lives(content)) keeper_ = Fd(sys::pidfd_open(content.process));
}

EndWatch::End EndWatch::wait() const {
  for (;;) {
    const Content content = read_content(file_);
    if (content.has_ended) return {true, content.exit_code};
    if (!keeper_) return {};
    std::array<pollfd, 2> polled = {pollfd{changes_.get(), POLLIN, 0},
                                    pollfd{keeper_.get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    if (polled[0].revents != 0) {
      std::array<char, 4096> events;
      check(::read(changes_.get(), events.data(), events.size()), "read the changes");
    }
    if (polled[1].revents != 0 && polled[0].revents == 0) {
      // Once more: it may have announced the end between our look and its own end.
      const Content last = read_content(file_);
      return {last.has_ended, last.exit_code};
    }
  }
}

}  // namespace gocker
