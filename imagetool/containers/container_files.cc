#include "imagetool/containers/container_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "imagetool/bundle/bundle.h"
#include "imagetool/bundle/user_namespace.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

RootDir root_of(pid_t process) {
  return RootDir::open_host_path("/proc/" + std::to_string(process) + "/root");
}

IdMaps id_maps_of(const Store& store, const std::string& bundle) {
  const std::optional<Lease> lease = find_lease(store, real_path(bundle));
  return lease ? lease->id_maps : IdMaps();
}

// "ERRNO\nTEXT"
void report(const Fd& failure, const Error& error) {
  write_all(failure, std::to_string(error.code()) + "\n" + error.what(), "the failure");
}

}  // namespace

ContainerFiles::ContainerFiles(const Places& places, const std::string& id)
    : bundle_(places.bundle(id)) {
  const OciRuntime runtime(places);
  auto state = runtime.state(id);
  if (!state || !state->is_alive()) {
    transition_.emplace(places, id, "copy");
    load_record(places, id);
    state = runtime.state(id);  // it may have been started meanwhile
  }
  const Store store(places.root);
  id_maps_ = id_maps_of(store, bundle_);
  if (state && state->is_alive()) {
    transition_.reset();
    root_ = root_of(state->pid);
  } else {
    mount_bundle(store, bundle_);
    root_ = RootDir::open_host_path(bundle_ + "/rootfs");
  }
}

ContainerFiles::~ContainerFiles() {
  if (!transition_) return;
  root_ = RootDir();
  try {
    unmount_bundle(bundle_);
  } catch (const std::exception&) {
    transition_->hand_over();  // the next command tries again
  }
}

ContainerSide::ContainerSide(const IdMaps& id_maps, const std::function<void()>& work) {
  std::array<int, 2> ends{};
  check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  failure_.reset(ends[0]);
  const Fd writing(ends[1]);
  const Fd user = id_maps.empty() ? Fd() : make_user_namespace(id_maps);
  if (std::optional<Child> child = clone_child(0, Fd())) {
    child_ = std::move(*child);
    return;
  }
  int code = 0;
  try {
    if (user) become_root_in(user);
    work();
  } catch (const Error& error) {
    code = 1;
    report(writing, error);
  } catch (const std::exception& error) {
    code = 1;
    report(writing, Error(error.what()));
  }
  exit_now(code);
}

void ContainerSide::finish() {
  const std::string text = read_all(failure_, "the failure");
  const int status = child_.wait();
  const size_t newline = text.find('\n');
  if (newline != std::string::npos) {
    const auto code = parse_i64(text.substr(0, newline)).value_or(0);
    throw Error::from_text(text.substr(newline + 1), static_cast<int>(code));
  }
  if (status != 0)
    throw Error("the process for it ended with " + std::to_string(exit_code_of(status)));
}

}  // namespace gocker
