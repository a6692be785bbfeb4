#include "imagetool/containers/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "imagetool/containers/keeper.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// --- writing -----------------------------------------------------------------------------------

class Printer {
 public:
  explicit Printer(const LogOptions& options) : options_(options) {}

  void print(std::string_view line) {
    const auto parsed = parse_log_line(line);
    if (!parsed) return;
    if (!options_.since.empty() && parsed->time < options_.since) return;
    if (!options_.until.empty() && parsed->time > options_.until) return;
    std::string text;
    if (options_.timestamps && at_line_start_) text.append(parsed->time).append(" ");
    text.append(parsed->text);
    if (!parsed->is_partial) text += '\n';
    at_line_start_ = !parsed->is_partial;
    write(parsed->is_error ? STDERR_FILENO : STDOUT_FILENO, text);
  }

 private:
  static void write(int descriptor, std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      check(written, "write the log");
      text.remove_prefix(static_cast<size_t>(written));
    }
  }

  const LogOptions& options_;
  bool at_line_start_ = true;
};

// --- reading -----------------------------------------------------------------------------------

constexpr size_t kChunk = 64 << 10;

// Where the last `count` whole lines begin.
off_t tail_offset(const Fd& file, uint64_t count) {
  off_t position = stat_fd(file, "the log").st_size;
  uint64_t ends = 0;
  std::array<char, kChunk> buffer;
  while (position > 0) {
    const off_t start = std::max<off_t>(0, position - static_cast<off_t>(buffer.size()));
    const auto wanted = static_cast<size_t>(position - start);
    const ssize_t got = check(::pread(file.get(), buffer.data(), wanted, start), "read the log");
    for (ssize_t i = got - 1; i >= 0; --i) {
      // A line that goes on in the next is no line of its own; counting those is good enough.
      if (buffer[static_cast<size_t>(i)] == '\n' && ++ends > count) return start + i + 1;
    }
    position = start;
  }
  return 0;
}

class Reader {
 public:
  Reader(Fd file, off_t offset) : file_(std::move(file)) {
    check(::lseek(file_.get(), offset, SEEK_SET), "lseek");
  }

  // All that is there by now, in whole lines.
  void print_new(Printer& printer) {
    std::array<char, kChunk> buffer;
    for (;;) {
      const ssize_t got = ::read(file_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (check(got, "read the log") == 0) return;
      pending_.append(buffer.data(), static_cast<size_t>(got));
      print_lines(printer);
    }
  }

  // conmon has begun the file anew: the log was as long as it may be.
  bool was_replaced(const std::string& path) const {
    const Fd now = open_if_exists(path, O_PATH);
    if (!now) return false;
    return stat_fd(now, path).st_ino != stat_fd(file_, path).st_ino;
  }

 private:
  void print_lines(Printer& printer) {
    size_t start = 0;
    for (size_t end; (end = pending_.find('\n', start)) != std::string::npos; start = end + 1) {
      printer.print(std::string_view(pending_).substr(start, end - start));
    }
    pending_.erase(0, start);
  }

  Fd file_;
  std::string pending_;
};

// Follows until nobody attends to the container any more.
void follow(const Places& places, const std::string& id, Reader& reader, Printer& printer) {
  const std::string path = places.log(id);
  const Fd watch(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1"));
  check(::inotify_add_watch(watch.get(), places.container(id).c_str(), IN_MODIFY | IN_CREATE),
        "inotify_add_watch", path);
  for (bool goes_on = true; goes_on;) {
    goes_on = has_keeper(places, id);  // asked first: what it wrote last is read below
    if (goes_on) {
      constexpr int kLookAgainMilliseconds = 200;
      pollfd polled{watch.get(), POLLIN, 0};
      ::poll(&polled, 1, kLookAgainMilliseconds);
      std::array<char, 4096> events;
      while (::read(watch.get(), events.data(), events.size()) > 0) {
      }
    }
    reader.print_new(printer);
    if (reader.was_replaced(path)) reader = Reader(open_file(path, O_RDONLY), 0);
  }
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  const size_t stream = line.find(' ');
  if (stream == std::string_view::npos) return std::nullopt;
  const size_t mark = line.find(' ', stream + 1);
  if (mark == std::string_view::npos || mark + 2 > line.size()) return std::nullopt;
  const std::string_view name = line.substr(stream + 1, mark - stream - 1);
  const char kind = line[mark + 1];
  if ((name != "stdout" && name != "stderr") || (kind != 'F' && kind != 'P')) return std::nullopt;
  const size_t text = std::min(line.size(), mark + 3);
  return LogLine{line.substr(0, stream), name == "stderr", kind == 'P', line.substr(text)};
}

std::string parse_log_time(std::string_view text, int64_t now) {
  int64_t unit = 0;
  if (text.ends_with('s')) unit = 1;
  if (text.ends_with('m')) unit = 60;
  if (text.ends_with('h')) unit = 3600;
  if (text.ends_with('d')) unit = 86400;
  if (unit > 0) {
    constexpr uint64_t kMost = 100'000'000;
    const auto count = parse_u64(text.substr(0, text.size() - 1), kMost);
    if (count) return rfc3339(now - static_cast<int64_t>(*count) * unit, 0);
  }
  if (const auto seconds = parse_u64(text, uint64_t{1} << 40)) {
    return rfc3339(static_cast<int64_t>(*seconds), 0);
  }
  tm fields{};
  const std::string copy(text);
  for (const char* form : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
    const char* end = ::strptime(copy.c_str(), form, &fields);
    if (end != nullptr && *end == '\0') return rfc3339(::timegm(&fields), 0);
    fields = {};
  }
  throw Error("'" + copy + "' is no time: it takes 10m, 2h, 2026-11-22T18:56:51Z or seconds");
}

void print_log(const Places& places, const std::string& id, const LogOptions& options) {
  const Doing doing("read the log of container", id);
  Fd file = open_if_exists(places.log(id), O_RDONLY);
  if (!file) return;  // never started, or in the foreground
  const off_t offset = options.tail ? tail_offset(file, *options.tail) : 0;
  Reader reader(std::move(file), offset);
  Printer printer(options);
  reader.print_new(printer);
  if (options.follow) follow(places, id, reader, printer);
}

}  // namespace gocker
