#include "runtime/checkpoint/restore.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/checkpoint/external.h"
#include "runtime/checkpoint/image_directory.h"
#include "runtime/checkpoint/stage.h"
#include "runtime/container/hooks.h"
#include "runtime/launch/first_steps.h"
#include "runtime/linux/namespaces.h"

namespace gocker {
namespace {

using oci::NamespaceType;

constexpr char kLogFile[] = "restore.log";
constexpr int kStreams = 3;

// Descriptors for CRIU in place of what it has by name in the images.
class Inheritance {
 public:
  void add(const std::string& name, Fd fd) {
    named_.emplace_back(name, fd.get());
    fds_.push_back(std::move(fd));
  }
  const std::vector<std::pair<std::string, int>>& named() const { return named_; }
  std::vector<int> descriptors() const {
    std::vector<int> numbers;
    for (const Fd& fd : fds_) numbers.push_back(fd.get());
    return numbers;
  }

 private:
  std::vector<std::pair<std::string, int>> named_;
  std::vector<Fd> fds_;
};

// Above stdio, so that CRIU's own streams are not in the way.
Fd duplicate_stream(int stream) {
  constexpr int kLowest = 16;
  return Fd(check(::fcntl(stream, F_DUPFD_CLOEXEC, kLowest), "duplicate a stream"));
}

// Only who calls knows where those that led outside lead now.
void inherit_streams(Inheritance& inheritance, const std::vector<std::string>& names) {
  for (int stream = 0; stream < kStreams && stream < static_cast<int>(names.size()); ++stream) {
    const std::string& name = names[static_cast<size_t>(stream)];
    const bool outside = name.starts_with("pipe:[") || is_external_file_name(name);
    if (outside) inheritance.add(name, duplicate_stream(stream));
  }
}

void inherit_namespaces(Inheritance& inheritance, CriuOptions& options,
                        const std::vector<oci::Namespace>& namespaces) {
  for (const oci::Namespace& entry : namespaces) {
    if (entry.path.empty()) continue;
    if (entry.type == NamespaceType::network) {
      inheritance.add(kExternalNetwork, open_namespace(entry));
    } else if (entry.type == NamespaceType::pid) {
      inheritance.add(kExternalPids, open_namespace(entry));
    } else if (entry.type == NamespaceType::ipc || entry.type == NamespaceType::uts) {
      options.joined_namespaces.emplace_back(oci::name_of(entry.type), entry.path);
    }
  }
}

// "4:cpu,cpuacct:/c1" for each of a process.
std::vector<std::pair<std::string, std::string>> cgroup_roots(pid_t pid) {
  constexpr size_t kFields = 3;
  std::vector<std::pair<std::string, std::string>> roots;
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/cgroup");
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < kFields) continue;
    const auto path = static_cast<size_t>(fields[2].data() - line.data());
    for (const std::string_view controller : split(fields[1], ',')) {
      roots.emplace_back(controller, line.substr(path));
    }
  }
  return roots;
}

// CRIU leaves the new network namespace as the kernel makes it.
void bring_up_loopback_of(pid_t pid) {
  const Fd home = open_own_namespace(NamespaceType::network);
  join_namespace(open_file("/proc/" + std::to_string(pid) + "/ns/net", O_RDONLY),
                 NamespaceType::network);
  bring_up_loopback();
  join_namespace(home, NamespaceType::network);
}

class Restoration {
 public:
  Restoration(const LaunchRequest& request, const LaunchEvents& events, const CriuPlaces& places,
              CriuOptions options)
      : request_(request), events_(events), places_(places), options_(std::move(options)) {}

  Child run() {
    const std::string program = find_criu(places_.criu);
    Inheritance inheritance;
    inherit_namespaces(inheritance, options_, request_.spec.linux_.namespaces);
    const Stage stage(request_);
    request_.cgroup.filter_devices(request_.spec.linux_.resources.value_or(oci::Resources{}));

    std::optional<PrivateMounts> mounts(std::in_place);
    Fd images = open_image_directory(places_.images);
    const Fd work =
        make_work_directory(places_.work.empty() ? places_.images : places_.work, kLogFile);
    if (!options_.shell_job) inherit_streams(inheritance, read_stream_names(images));
    stage.set_up();
    images = stage.show_images(std::move(images));
    options_.external_mounts = stage.external_mounts();
    Criu criu = start_criu(program, inheritance.descriptors());
    mounts.reset();

    options_.images = images.get();
    options_.work = work.get();
    options_.log_file = kLogFile;
    options_.root = stage.root_path();
    options_.restore_as_sibling = true;
    options_.config_file = criu_config_file(request_.spec.annotations);
    options_.inherited = inheritance.named();
    options_.cgroup_roots = cgroup_roots(criu.pid());
    options_.empty_namespaces |= unsaved_namespaces(request_.spec.linux_.namespaces);
    criu.request(CriuRequest::restore, options_, work,
                 [&](const CriuReply& step, Fd terminal) { follow(step, std::move(terminal)); });
    if (!init_) throw Error("CRIU told of no process");
    return std::move(init_);
  }

 private:
  // In the container's control groups, where it leaves the restored processes.
  Criu start_criu(const std::string& program, std::vector<int> inherited) const {
    const std::vector<Fd> tasks_files = request_.cgroup.open_tasks_files();
    const Fd& group = request_.cgroup.unified_directory();
    return Criu({.program = program,
                 .cgroup = group,
                 .enter = [&] { join_v1_groups(tasks_files); },
                 .inherited = std::move(inherited),
                 .keep_streams = options_.shell_job});
  }

  void follow(const CriuReply& step, Fd terminal) {
    if (step.script == "orphan-pts-master" && terminal && events_.on_terminal) {
      events_.on_terminal(std::move(terminal));
    } else if (step.script == "setup-namespaces") {
      take_over(step.pid);
      if (unsaved_namespaces(request_.spec.linux_.namespaces) != 0) {
        bring_up_loopback_of(step.pid);
      }
      const oci::State state = events_.state();
      run_hooks(request_.spec.hooks.prestart, "prestart", state);
      run_hooks(request_.spec.hooks.create_runtime, "createRuntime", state);
    } else if (step.script == "post-restore") {
      take_over(step.pid);
    }
  }

  // From the first word of it on, it is ours to end.
  void take_over(pid_t pid) {
    if (init_) return;
    Fd pidfd(check(sys::pidfd_open(pid), "pidfd_open"));
    init_ = Child(pid, std::move(pidfd));
    events_.on_init(init_);
  }

  const LaunchRequest& request_;
  const LaunchEvents& events_;
  const CriuPlaces& places_;
  CriuOptions options_;
  Child init_;
};

}  // namespace

Created restore_container(const StateRoot& root, const Configuration& configuration,
                          const CreateOptions& create_options, const CriuPlaces& places,
                          const CriuOptions& options) {
  const Doing doing("restore container", create_options.id);
  return make_container(root, configuration, create_options, Start::by_criu,
                        [&](const LaunchRequest& request, const LaunchEvents& events) {
                          return Restoration(request, events, places, options).run();
                        });
}

}  // namespace gocker
