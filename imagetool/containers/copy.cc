#include "imagetool/containers/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "imagetool/containers/container_files.h"
#include "imagetool/containers/file_archive.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr std::string_view kStream = "-";

// --- where from and where to -------------------------------------------------------------------

struct Source {
  Fd object;         // O_PATH
  std::string name;  // empty: only the content of a directory is meant
  bool is_directory = false;
};

struct Place {
  std::string directory;  // that is there
  std::string name;       // in it; empty: the content goes into the directory itself
};

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

bool means_content(const std::string& path) {
  const std::string plain = without_slashes(path);
  return plain == "/" || plain == "." || plain.ends_with("/.") || plain == ".." ||
         plain.ends_with("/..");
}

Source find_source(const RootDir& root, const std::string& path, bool follow_links) {
  Source source;
  const bool follows = follow_links || path.ends_with('/') || means_content(path);
  source.object = root.open(path, O_PATH | (follows ? 0 : O_NOFOLLOW));
  source.is_directory = S_ISDIR(stat_fd(source.object, path).st_mode);
  const std::string plain = without_slashes(path);
  if (!means_content(path)) source.name = split_path(plain).name;
  return source;
}

Place find_place(const RootDir& root, const std::string& path, const Source& source) {
  const Fd present = root.open_if_exists(path, O_PATH);
  if (present && S_ISDIR(stat_fd(present, path).st_mode)) return {path, source.name};
  if (present && source.is_directory) {
    throw Error("a directory cannot take the place of " + path + ", which is none", ENOTDIR);
  }
  if (!source.is_directory && path.ends_with('/')) {
    throw Error(path + ": there is no such directory", ENOENT);
  }
  const std::string plain = without_slashes(path);
  const SplitPath parts = split_path(plain);
  const std::string parent = parts.parent.empty() ? "/" : std::string(parts.parent);
  if (!root.open_if_exists(parent, O_PATH | O_DIRECTORY)) {
    throw Error(parent + ": there is no such directory", ENOENT);
  }
  return {parent, std::string(parts.name)};
}

RootDir host() {
  return RootDir::open_host_path("/");
}

std::string on_host(const std::string& path) {
  return path.starts_with('/') ? path : real_path(".") + "/" + path;
}

// --- the way between ---------------------------------------------------------------------------

// One end is the container's side's, in another process.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
    reading.reset(ends[0]);
    writing.reset(ends[1]);
  }
  Fd reading;
  Fd writing;
};

void pack_into(const Source& source, const std::string& name, const Fd& output) {
  pack_files(source.object, name,
             [&](std::string_view bytes) { write_all(output, bytes, "the archive"); });
}

UnpackTarget::Owner owner_for(const CopyOptions& options) {
  return options.keep_owners ? UnpackTarget::Owner::archived : UnpackTarget::Owner::root;
}

// Does one end's work; its Error, an empty one where it went well.
std::optional<Error> attempt(const std::function<void()>& work) try {
  work();
  return std::nullopt;
} catch (const Error& error) {
  return error;
}

// Who reads the files knows best why the other end got no whole archive, unless it was the other
// end that stopped first.
void throw_first(const std::optional<Error>& packing, const std::optional<Error>& unpacking) {
  if (packing && packing->code() != EPIPE) throw Error(*packing);
  if (unpacking) throw Error(*unpacking);
  if (packing) throw Error(*packing);
}

}  // namespace

void copy_from_container(const Places& places, const std::string& id, const std::string& path,
                         const std::string& destination, const CopyOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);  // an error like others
  const Doing doing("copy from container", id);
  const ContainerFiles files(places, id);
  const Source source = find_source(files.root(), path, options.follow_links);
  if (destination == kStream) {
    const Fd output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    return ContainerSide(files.id_maps(), [&] { pack_into(source, source.name, output); }).finish();
  }
  const Place place = find_place(host(), on_host(destination), source);
  // Nothing that the container says leads out of that directory.
  const RootDir directory(host().open(place.directory, O_PATH | O_DIRECTORY));
  Pipe pipe;
  ContainerSide side(files.id_maps(), [&] {
    pipe.reading.reset();
    pack_into(source, place.name, pipe.writing);
  });
  pipe.writing.reset();
  const auto unpacking = attempt([&] {
    unpack_files(pipe.reading, {directory, ".", owner_for(options), UnpackTarget::Links::refuse});
  });
  pipe.reading.reset();
  throw_first(attempt([&] { side.finish(); }), unpacking);
}

void copy_to_container(const Places& places, const std::string& id, const std::string& path,
                       const std::string& destination, const CopyOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  const Doing doing("copy to container", id);
  const ContainerFiles files(places, id);
  if (path == kStream) {
    files.root().open(destination, O_PATH | O_DIRECTORY);
    const Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    return ContainerSide(
               files.id_maps(),
               [&] {
                 unpack_files(input, {files.root(), destination, UnpackTarget::Owner::archived});
               })
        .finish();
  }
  const Source source = find_source(host(), on_host(path), options.follow_links);
  const Place place = find_place(files.root(), destination, source);
  Pipe pipe;
  ContainerSide side(files.id_maps(), [&] {
    pipe.writing.reset();
    unpack_files(pipe.reading, {files.root(), place.directory, owner_for(options)});
  });
  pipe.reading.reset();
  const auto packing = attempt([&] { pack_into(source, place.name, pipe.writing); });
  pipe.writing.reset();
  throw_first(packing, attempt([&] { side.finish(); }));
}

}  // namespace gocker
