#include "imagetool/containers/session.h"

#include <fcntl.h>
#include <unistd.h>

#include "imagetool/bundle/environment.h"
#include "imagetool/bundle/privileges.h"
#include "imagetool/bundle/user_lookup.h"
#include "imagetool/containers/oci_runtime.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

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

// The file is named by the process that reads it, which cannot remove it; it goes when the next
// session finds that process gone.
std::string write_process(const Places& places, const oci::Process& process) {
  make_directories(places.sessions(), 0700);
  const Fd sessions = open_file(places.sessions(), O_RDONLY | O_DIRECTORY);
  for (const std::string& name : list_directory(sessions, places.sessions())) {
    const auto pid = parse_i64(name);
    if (!pid || !process_start_time(static_cast<pid_t>(*pid))) remove_tree_at(sessions, name);
  }
  const std::string name = std::to_string(::getpid());
  replace_file_at(sessions, name, oci::to_json(process), 0600);
  return places.sessions() + "/" + name;
}

}  // namespace

void run_session(const Places& places, const ContainerRecord& record,
                 const SessionOptions& options) {
  const std::string file = write_process(places, process_of(places, record, options));
  std::vector<std::string> words = OciRuntime(places).command_line();
  words.insert(words.end(), {"exec", "--process", file});
  if (options.detach) words.emplace_back("--detach");
  words.push_back(record.id);
  if (!options.interactive) ::dup2(open_file("/dev/null", O_RDONLY).get(), STDIN_FILENO);
  const std::vector<char*> args = c_strings(words);
  ::execv(args[0], args.data());
  throw_errno("execute", places.runtime);
}

}  // namespace gocker
