// gocker-runtime exec: one more process in a running container.
#include "runtime/launch/exec.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "oci-spec/validate.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"
#include "runtime/cgroup/systemd_scope.h"
#include "runtime/cli/attend.h"
#include "runtime/cli/create_options.h"
#include "runtime/launch/ordinary_user.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    kConsoleSocket,
    kPidFile,
    kPidfdSocket,
    kPreserveFds,
    Option{"process", 'p', "FILE", "the process as JSON, as in config.json"},
    Option{"detach", 'd', "", "return as soon as the program runs"},
    Option{"tty", 't', "", "give it a terminal"},
    Option{"user", 'u', "UID[:GID]", "run as this user (numbers)"},
    Option{"additional-gids", 'g', "GID", "a supplementary group more; may be repeated"},
    Option{"cwd", 0, "DIR", "its working directory"},
    Option{"env", 'e', "NAME=VALUE", "one more variable; may be repeated"},
    Option{"cap", 'c', "CAPABILITY", "one more capability; may be repeated"},
    Option{"no-new-privs", 0, "", "it can't gain privileges"},
    Option{"apparmor", 0, "PROFILE", "its AppArmor profile"},
    Option{"process-label", 0, "LABEL", "its SELinux label"},
    Option{"cgroup", 0, "PATH",
           "in this group below the container's; CONTROLLER:PATH for one of v1"},
    Option{"ignore-paused", 0, "", "in a paused container, too (it waits there)"}};

// "1000" or "1000:100": numbers only, they are never looked up (CVE-2016-3697).
void set_user_of(oci::User& user, const std::string& text) {
  const std::vector<std::string_view> parts = split(text, ':');
  const auto uid = parse_u32(parts[0]);
  const auto gid = parts.size() > 1 ? parse_u32(parts[1]) : std::optional<uint32_t>(user.gid);
  constexpr uint32_t kNone = ~0U;  // (uid_t)-1 means "unchanged" to the kernel
  if (parts.size() > 2 || !uid || !gid || *uid == kNone || *gid == kNone) {
    throw UsageError("--user: \"" + text + "\" is not UID[:GID]");
  }
  user.uid = *uid;
  user.gid = *gid;
}

void add_capabilities(oci::Process& process, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  oci::Capabilities& sets = *process.capabilities;
  // Never inheritable or ambient (CVE-2022-24769).
  for (auto* set : {&sets.bounding, &sets.effective, &sets.permitted}) {
    set->insert(set->end(), names.begin(), names.end());
  }
}

oci::Process process_from_options(const oci::Spec& spec, const Arguments& arguments) {
  oci::Process process = spec.process.value_or(oci::Process{});
  const auto& words = arguments.positionals();
  process.args.assign(words.begin() + 1, words.end());
  process.terminal = arguments.has("tty");
  process.cwd = arguments.value("cwd", process.cwd.empty() ? "/" : process.cwd);
  for (const std::string& entry : arguments.values("env")) process.env.push_back(entry);
  if (arguments.has("user")) set_user_of(process.user, arguments.value("user"));
  for (const std::string& text : arguments.values("additional-gids")) {
    const auto gid = parse_u32(text);
    if (!gid) throw UsageError("--additional-gids: \"" + text + "\" is no number");
    process.user.additional_gids.push_back(*gid);
  }
  add_capabilities(process, arguments.values("cap"));
  process.no_new_privileges |= arguments.has("no-new-privs");
  process.apparmor_profile = arguments.value("apparmor", process.apparmor_profile);
  process.selinux_label = arguments.value("process-label", process.selinux_label);
  return process;
}

oci::Process wanted_process(const oci::Spec& spec, const Arguments& arguments) {
  const std::string file = arguments.value("process");
  oci::Process process = file.empty() ? process_from_options(spec, arguments)
                                      : oci::parse_process(read_file(file), file);
  process.terminal |= arguments.has("tty");
  oci::validate(process, file.empty() ? "exec" : file, "");
  if (!is_superuser()) fit_to_ordinary_user(process);
  return process;
}

int run(const Global& global, const Arguments& arguments) {
  CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  set_systemd_helper_folder(own_folder());  // the guarded binary does not know it
  guard_binary(global.argv);
  const Container container =
      Container::load(StateRoot(global.state_root), options.id, Locking::none);
  if (!arguments.has("ignore-paused") && container.status() == oci::Status::paused) {
    throw Error("container \"" + options.id + "\" is paused: resume it, or use --ignore-paused");
  }
  const oci::Spec spec = container.load_config();
  oci::Process process = wanted_process(spec, arguments);
  forbid_core_files(process.rlimits);
  const bool detach = arguments.has("detach");
  if (process.terminal && detach && !options.on_terminal) {
    throw Error("a terminal was asked for: --console-socket is needed to hand it over");
  }

  std::optional<ForegroundSignals> signals;
  if (!detach) signals.emplace();
  std::optional<TerminalProxy> terminal;
  if (!options.on_terminal) {
    options.on_terminal = [&](Fd from_process) { terminal.emplace(std::move(from_process)); };
  }
  Child child = exec_in_container({.container = container,
                                   .spec = spec,
                                   .process = process,
                                   .cgroups = arguments.values("cgroup"),
                                   .preserved_fds = options.preserved_fds + options.listen_fds,
                                   .listen_fds = options.listen_fds,
                                   .on_terminal = options.on_terminal});
  send_pidfd(options.pidfd_socket, child);
  write_pid_file(options.pid_file, child.pid());
  if (detach) {
    child.release();
    return 0;
  }
  return attend(child, *signals, terminal);
}

}  // namespace

constinit const Command kExec{.name = "exec",
                              .arguments = "ID [PROGRAM [ARGUMENT...]]",
                              .summary = "run one more process in a container",
                              .options = kOptions,
                              .least = 1,
                              .most = kAnyNumber,
                              .words_after_id = true,
                              .failure_code = 255,
                              .run = run};

}  // namespace gocker::cli
