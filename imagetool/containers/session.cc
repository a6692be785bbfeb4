#include "imagetool/containers/session.h"

#include <sys/mman.h>

#include "imagetool/bundle/environment.h"
#include "imagetool/bundle/privileges.h"
#include "imagetool/bundle/user_lookup.h"
#include "imagetool/containers/attended_run.h"
#include "imagetool/containers/oci_runtime.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

// As the container's first process is now: also in a user's own mounts and after a chroot of it.
RootDir root_of(const Places& places, const ContainerRecord& record) {
  const auto state = OciRuntime(places).state(record.id);
  if (!state || !state->is_alive()) {
    throw Error("container " + record.id + " does not run; gocker start starts it");
  }
  return RootDir::open_host_path("/proc/" + std::to_string(state->pid) + "/root");
}

void set_user(const std::string& user, const RootDir& rootfs, oci::Process& process) {
  ImageUser found = look_up_user(user, rootfs);
  process.user = std::move(found.ids);
  std::erase_if(process.env, [](const std::string& each) { return each.starts_with("HOME="); });
  process.env.push_back("HOME=" + found.home);
  oci::Capabilities& sets = *process.capabilities;
  // What the container itself may do at most, and its root in full.
  sets.effective = process.user.uid == 0 ? sets.bounding : std::vector<std::string>();
  sets.permitted = sets.effective;
}

oci::Process process_of(const Places& places, const ContainerRecord& record,
                        const SessionOptions& options) {
  const RootDir rootfs = root_of(places, record);
  const std::string config = places.bundle(record.id) + "/config.json";
  oci::Spec spec = oci::parse_spec(read_file(config), config);
  if (options.privileged) apply_privileges({.privileged = true}, spec);
  oci::Process process = std::move(*spec.process);
  process.args = options.command;
  process.terminal = options.terminal;
  if (!options.user.empty()) set_user(options.user, rootfs, process);
  if (!options.working_dir.empty()) process.cwd = options.working_dir;
  process.env = merge_variables(std::move(process.env), options.env);
  if (options.terminal) process.env = add_absent_variables(std::move(process.env), {"TERM=xterm"});
  return process;
}

Fd file_of(const oci::Process& process) {
  Fd file(check(::memfd_create("process.json", MFD_CLOEXEC), "memfd_create"));
  write_all(file, oci::to_json(process), "process.json");
  return file;
}

}  // namespace

int run_session(const Places& places, const ContainerRecord& record,
                const SessionOptions& options) {
  const Fd process = file_of(process_of(places, record, options));
  std::vector<std::string> words = {"exec", "--process", descriptor_path_for_others(process)};
  if (options.detach) words.emplace_back("--detach");
  words.push_back(record.id);
  const Input input = options.interactive ? Input::ours : Input::none;
  return run_attended(OciRuntime(places), words, input).exit_code;
}

}  // namespace gocker
