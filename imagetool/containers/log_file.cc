#include "imagetool/containers/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

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
    if (!options_.since.empty() && is_before(parsed->time, options_.since)) return;
    if (!options_.until.empty() && is_before(options_.until, parsed->time)) return;
    std::string text;
    if (options_.timestamps && at_line_start_) text.append(parsed->time).append(" ");
    text.append(parsed->text);
    if (!parsed->is_partial) text += '\n';
    at_line_start_ = !parsed->is_partial;
    write(parsed->is_error ? STDERR_FILENO : STDOUT_FILENO, text);
  }

 private:
  // All are in UTC, which conmon writes as +00:00 and we as Z.
  static bool is_before(std::string_view time, std::string_view other) {
    constexpr std::string_view kNoZone = "2026-01-01T00:00:00.000000000";
    return time.substr(0, kNoZone.size()) < other.substr(0, kNoZone.size());
  }

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

// The lines of a file, the last one first.
class LinesBackwards {
 public:
  explicit LinesBackwards(const Fd& file)
      : file_(file), position_(stat_fd(file, "the log").st_size) {}

  // Without its newline; nothing before the first line. Valid until the next call.
  std::optional<std::string_view> next() {
    if (text_.empty() && position_ > 0) read_before();
    if (text_.empty()) return std::nullopt;
    if (text_.back() == '\n') text_.pop_back();
    size_t newline = text_.rfind('\n');
    while (newline == std::string::npos && position_ > 0) {
      read_before();
      newline = text_.rfind('\n');
    }
    const size_t start = newline == std::string::npos ? 0 : newline + 1;
    line_ = text_.substr(start);
    text_.resize(start);
    return line_;
  }
  // Of the line that next() has returned.
  off_t offset() const { return position_ + static_cast<off_t>(text_.size()); }

 private:
  void read_before() {
    std::array<char, kChunk> buffer;
    const off_t start = std::max<off_t>(0, position_ - static_cast<off_t>(buffer.size()));
    const auto wanted = static_cast<size_t>(position_ - start);
    const ssize_t got = check(::pread(file_.get(), buffer.data(), wanted, start), "read the log");
    text_.insert(0, buffer.data(), static_cast<size_t>(got));
    position_ = start;
  }

  const Fd& file_;
  off_t position_;    // what comes before is not read yet
  std::string text_;  // from there up to the line that was returned
  std::string line_;
};

// Where the last `count` lines begin, as the program wrote them: one that goes on in the next of
// the file is no line of its own. What stdout and stderr wrote into each other counts by its
// streams.
off_t tail_offset(const Fd& file, uint64_t count) {
  LinesBackwards lines(file);
  off_t begin = stat_fd(file, "the log").st_size;
  std::array<bool, 2> has_later = {false, false};  // of each stream, a piece that was seen already
  for (uint64_t seen = 0; const auto line = lines.next();) {
    const auto parsed = parse_log_line(*line);
    if (!parsed) continue;
    const bool is_last = !std::exchange(has_later[parsed->is_error ? 1 : 0], true);
    // The last piece of a line, or of one that was never ended.
    if ((!parsed->is_partial || is_last) && ++seen > count) return begin;
    begin = lines.offset();
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
