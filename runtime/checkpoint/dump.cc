#include "runtime/checkpoint/dump.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/checkpoint/external.h"
#include "runtime/checkpoint/image_directory.h"
#include "runtime/linux/host_mounts.h"

namespace gocker {
namespace {

constexpr char kLogFile[] = "dump.log";
constexpr unsigned kMemoryDevices = 1;  // the major number of /dev/null and its like

void require_running(const Container& container) {
  const oci::Status status = container.status();
  if (status == oci::Status::running || status == oci::Status::paused) return;
  throw Error(std::string("it is ").append(oci::name_of(status)).append(", not running"));
}

// Its control group stops it at once; a group that others are in stops them, too.
std::string freezer_of(const CgroupPaths& groups) {
  const CgroupPaths::Hierarchy* group = groups.find("freezer");
  if (group == nullptr) group = groups.find("");
  return group != nullptr && group->owned ? group->directory : "";
}

// /dev/null and its like. Regular files CRIU would want to find as long as they were.
bool is_device_of_the_host(const struct stat& status, const MountsOfProcess& mounts,
                           uint64_t mount) {
  return S_ISCHR(status.st_mode) && major(status.st_rdev) == kMemoryDevices &&
         !mounts.contains(mount);
}

// What CRIU knows its stdin, stdout and stderr by. Pipes have their names in /proc; a device of the
// host is told by mount and inode. Others it saves and restores by itself.
std::vector<std::string> stream_names(pid_t pid) {
  const MountsOfProcess mounts(pid);
  std::vector<std::string> names;
  const Fd descriptors = open_directory("/proc/" + std::to_string(pid) + "/fd");
  for (const char* stream : {"0", "1", "2"}) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlinkat(descriptors.get(), stream, target.data(), target.size());
    const Fd file = open_if_exists_at(descriptors, stream, O_PATH);
    if (size <= 0 || !file) {  // the program has closed it
      names.emplace_back();
      continue;
    }
    const uint64_t mount = mount_id(file);
    const struct stat status = stat_fd(file, stream);
    names.push_back(is_device_of_the_host(status, mounts, mount)
                        ? external_file_name(mount, status.st_ino)
                        : std::string(target.data(), static_cast<size_t>(size)));
  }
  return names;
}

void leave_out_host_devices(CriuOptions& options, const std::vector<std::string>& streams) {
  for (const std::string& name : streams) {
    if (is_external_file_name(name)) options.external.push_back(name);
  }
}

void dump(CriuRequest type, const Container& container, const CriuPlaces& places,
          CriuOptions options) {
  require_running(container);
  const ContainerRecord& record = container.record();
  const std::string program = find_criu(places.criu);
  const Fd images = make_image_directory(places.images);
  const Fd work = make_work_directory(places.work.empty() ? places.images : places.work, kLogFile);
  const oci::Spec spec = container.load_config();
  options.images = images.get();
  options.work = work.get();
  options.log_file = kLogFile;
  options.pid = record.pid;
  options.root = record.rootfs;
  options.freezer = freezer_of(record.cgroup);
  options.config_file = criu_config_file(record.annotations);
  options.external_mounts = find_external_mounts(spec, Cgroup(record.cgroup), record.pid);
  options.external = find_external_namespaces(record.namespaces, record.pid);
  options.empty_namespaces |= unsaved_namespaces(record.namespaces);
  const std::vector<std::string> streams = stream_names(record.pid);
  leave_out_host_devices(options, streams);
  Criu criu({.program = program,
             .cgroup = Fd(),
             .enter = nullptr,
             .inherited = {},
             .keep_streams = options.shell_job});
  criu.request(type, options, work, [](const CriuReply&, const Fd&) {});
  if (type == CriuRequest::dump) write_stream_names(images, streams);
}

}  // namespace

void checkpoint_container(Container& container, const CriuPlaces& places, CriuOptions options) {
  const Doing doing("checkpoint container", container.record().id);
  const bool leave_running = options.leave_running;
  dump(CriuRequest::dump, container, places, std::move(options));
  if (!leave_running) container.destroy();
}

void pre_dump_container(const Container& container, const CriuPlaces& places, CriuOptions options) {
  const Doing doing("pre-dump container", container.record().id);
  options.track_memory = true;
  dump(CriuRequest::pre_dump, container, places, std::move(options));
}

}  // namespace gocker
