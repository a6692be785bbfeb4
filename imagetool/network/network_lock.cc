#include "imagetool/network/network_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kBootIdFile = "boot_id";
constexpr const char* kWorkerFile = "netavark";

// A process id in aardvark's file, above all, would be another process's by now.
void clear_earlier_boot(const NetworkPlaces& places, const Fd& state) {
  const std::string current(trim(read_file("/proc/sys/kernel/random/boot_id")));
  const std::optional<std::string> recorded = read_if_exists_at(state, kBootIdFile);
  if (recorded == current) return;
  if (recorded) {
    remove_tree_at(state, "attachments");
    remove_tree_at(state, "aardvark");
    remove_tree_at(open_directory(places.run), "netns");
  }
  replace_file_at(state, kBootIdFile, current, 0600);
}

// Its process id may be another process's by now: the time of its start tells.
bool still_works(const std::string& worker) {
  const size_t blank = worker.find(' ');
  if (blank == std::string::npos) return false;
  const std::optional<uint32_t> pid = parse_u32(std::string_view(worker).substr(0, blank));
  if (!pid) return false;
  const std::optional<uint64_t> start_time = process_start_time(static_cast<pid_t>(*pid));
  return start_time && std::to_string(*start_time) == worker.substr(blank + 1);
}

void wait_for_worker(const Fd& state) {
  constexpr auto kPause = std::chrono::milliseconds(5);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const std::optional<std::string> worker = read_if_exists_at(state, kWorkerFile);
  if (!worker) return;
  while (still_works(*worker)) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error("netavark (process " + worker->substr(0, worker->find(' ')) +
                  ") does not come to its end; see what it waits for, or kill it");
    }
    std::this_thread::sleep_for(kPause);
  }
}

// What a command that was killed was writing: nobody writes without the lock.
void clear_cut_off_attachments(const NetworkPlaces& places) {
  const Fd directory = open_file(places.attachments(), O_RDONLY | O_DIRECTORY);
  for (const std::string& name : list_directory(directory, places.attachments())) {
    if (name.starts_with('.')) ::unlinkat(directory.get(), name.c_str(), 0);
  }
}

}  // namespace

NetworkLock::NetworkLock(const NetworkPlaces& places) {
  make_directories(places.state(), 0700);
  const std::string path = places.state() + "/lock";
  file_ = open_file(path, O_RDWR | O_CREAT, 0600);
  while (::flock(file_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("lock", path);
  }
  const Fd state = open_file(places.state(), O_RDONLY | O_DIRECTORY);
  wait_for_worker(state);
  clear_earlier_boot(places, state);
  make_directories(places.attachments(), 0700);
  clear_cut_off_attachments(places);
  make_directories(places.aardvark(), 0700);
  make_directories(places.namespaces(), 0700);
}

void note_worker(const NetworkPlaces& places, pid_t pid) {
  const std::optional<uint64_t> start_time = process_start_time(pid);
  if (!start_time) return;  // it has ended already
  replace_file_at(open_directory(places.state()), kWorkerFile,
                  std::to_string(pid) + " " + std::to_string(*start_time), 0600);
}

}  // namespace gocker
