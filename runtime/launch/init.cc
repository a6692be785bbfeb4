#include "runtime/launch/init.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "oci-spec/state.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/syscalls.h"
#include "runtime/container/hooks.h"
#include "runtime/launch/annotations.h"
#include "runtime/launch/become.h"
#include "runtime/launch/first_steps.h"
#include "runtime/launch/seccomp_message.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/lsm.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/rootfs.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/sysctl.h"
#include "runtime/linux/terminal.h"
#include "runtime/linux/user.h"

namespace gocker {
namespace {

class Init {
 public:
  Init(const InitInheritance& inheritance, SyncSocket launcher)
      : in_(inheritance),
        request_(inheritance.request),
        spec_(inheritance.request.spec),
        launcher_(std::move(launcher)) {}

  // Up to the gate.
  void prepare() {
    let_go_of_launcher();
    if (!in_.is_settled) launcher_.expect(MessageKind::kProceed);
    enter_namespaces();
    enter_control_groups();
    start_session();
    name_the_host();
    build_root_filesystem();
    if (in_.is_waited_for) launcher_.send(MessageKind::kNamespacesReady, terminal_fds());
    receive_seccomp_program(launcher_.expect(MessageKind::kProceed));
    run_container_hooks(spec_.hooks.create_container, "createContainer");
    enter_root_filesystem();
    set_kernel_parameters();
    keep_only_the_gate();
    program_ = become_user(become_request());
    if (in_.gate) launcher_.report(MessageKind::kReady);
  }

  void run() {
    if (in_.gate) in_.gate->wait();
    Doing::start_anew();
    run_container_hooks(spec_.hooks.start_container, "startContainer");
    report_exec();
    execute(become_request(), *program_);
  }

  void tell_launcher(int code, const char* error) const { launcher_.send_failure(code, error); }

  // Whoever waits for the execution: `start`, or the launcher where it is to be at once.
  void tell_starter(int code, const char* error) const {
    in_.gate ? in_.gate->report_failure(code, error) : launcher_.send_failure(code, error);
  }

 private:
  // The container's lock is the launcher's alone, and so are the signals that it waits for.
  void let_go_of_launcher() {
    ::close(request_.state_directory.get());
    reset_signals();
  }

  void enter_namespaces() {
    const Step step("enter the namespaces");
    in_.namespaces.join_in_init();
    if (in_.namespaces.new_user_namespace()) become_namespace_root(tracing());
  }

  void enter_control_groups() {
    join_v1_groups(in_.tasks_files);
    if (in_.namespaces.late_cgroup_namespace()) {
      check(::unshare(CLONE_NEWCGROUP), "unshare the cgroup namespace");
    }
  }

  Tracing tracing() const { return in_.namespaces.tracing(); }

  void start_session() {
    const Step step("start a session");
    check(::setsid(), "setsid");
    allow_tracing(tracing());
    if (request_.new_keyring) {
      const int32_t keyring = sys::join_session_keyring(request_.keyring_name.c_str());
      // Kernels without keyrings have nothing to separate.
      if (keyring < 0 && errno != ENOSYS) throw_errno("join a new session keyring");
    }
    if (spec_.linux_.personality) set_personality(*spec_.linux_.personality);
    if (spec_.linux_.memory_policy) set_memory_policy(*spec_.linux_.memory_policy);
  }

  void name_the_host() {
    const Step step("loopback and names");
    const CloseInBatches batches(CloseInBatches::AtEnd::leave);
    if (in_.namespaces.new_network_namespace()) bring_up_loopback();
    if (!spec_.hostname.empty()) {
      check(::sethostname(spec_.hostname.data(), spec_.hostname.size()), "set the hostname",
            spec_.hostname);
    }
    if (!spec_.domainname.empty()) {
      check(::setdomainname(spec_.domainname.data(), spec_.domainname.size()),
            "set the domain name", spec_.domainname);
    }
  }

  void build_root_filesystem() {
    const Step step("build the root filesystem");
    const CloseInBatches batches(CloseInBatches::AtEnd::leave);
    const NoUmask no_umask;
    const oci::Process& process = *spec_.process;
    if (!in_.mask_source) mask_source_ = open_mask_source(spec_.linux_.masked_paths);
    // Before anything of the container could be mounted over /proc.
    if (!spec_.linux_.sysctl.empty() || !process.apparmor_profile.empty() ||
        !process.selinux_label.empty()) {
      procfs_ = open_private_procfs();
    }
    root_ = request_.root_switch == RootSwitch::chroot
                ? RootDir(in_.rootfs.duplicate())
                : prepare_rootfs(request_.rootfs, spec_.linux_.rootfs_propagation, in_.rootfs);
    const Fd readonly_dev =
        apply_mounts(in_.mounts, root_, request_.bundle, spec_.linux_.mount_label);
    // Somebody else's /dev is not ours to fill.
    if (needs_devices(spec_.mounts)) {
      create_devices(root_, spec_.linux_.devices, in_.host_devices);
    }
    open_console();
    if (readonly_dev) {
      set_mount_attributes(readonly_dev, MOUNT_ATTR_RDONLY, 0, 0, Depth::single, "/dev");
    }
  }

  void open_console() {
    const oci::Process& process = *spec_.process;
    if (!process.terminal) return;
    const Doing doing("set up the terminal");
    terminal_ = open_terminal(root_, process.console_size, process.user.uid);
    bind_console(root_, terminal_.device);
    take_terminal(terminal_.device);
  }

  std::vector<int> terminal_fds() const {
    if (!terminal_.controller) return {};
    return {terminal_.controller.get()};
  }

  void receive_seccomp_program(Message message) {
    if (spec_.linux_.seccomp) seccomp_ = unpack_seccomp(std::move(message));
  }

  void enter_root_filesystem() {
    const Step step("enter the root filesystem");
    const CloseInBatches batches(CloseInBatches::AtEnd::leave);
    switch_root(root_, request_.root_switch, spec_.linux_.rootfs_propagation);
    set_rootfs_propagation(spec_.linux_.rootfs_propagation);
    make_paths_readonly(root_, spec_.linux_.readonly_paths);
    mask_paths(root_, spec_.linux_.masked_paths, in_.mask_source ? in_.mask_source : mask_source_);
  }

  void set_kernel_parameters() {
    const Step step("set kernel parameters");
    const oci::Process& process = *spec_.process;
    if (!spec_.linux_.sysctl.empty()) set_sysctls(procfs_, spec_.linux_.sysctl);
    if (spec_.root->readonly) make_rootfs_readonly();
    if (!process.apparmor_profile.empty()) set_apparmor_profile(procfs_, process.apparmor_profile);
    if (!process.selinux_label.empty()) set_selinux_label(procfs_, process.selinux_label);
  }

  BecomeRequest become_request() const {
    return {.process = *spec_.process,
            .seccomp = seccomp_ ? &*seccomp_ : nullptr,
            .listen_fds = request_.listen_fds,
            .on_seccomp_listener =
                [this](const Fd& listener) {
                  launcher_.send(MessageKind::kSeccompListener, {listener.get()});
                },
            .tracing = tracing(),
            .groups = wanted_groups(spec_.annotations),
            .waits_for_start = in_.gate.has_value()};
  }

  void report_exec() const {
    in_.gate ? in_.gate->report_exec() : launcher_.report(MessageKind::kExecuting);
  }

  // Soon init has the rights of the container's user: by then, nothing else of the host's.
  void keep_only_the_gate() {
    std::vector<int> kept = in_.gate ? in_.gate->descriptors() : std::vector<int>{};
    kept.push_back(launcher_.descriptor());
    if (seccomp_) kept.push_back(seccomp_->bpf.get());
    keep_preserved_descriptors(request_.preserved_fds, std::move(kept));
  }

  void run_container_hooks(const std::vector<oci::Hook>& hooks, const char* kind) const {
    if (hooks.empty()) return;
    const oci::State state{.oci_version = std::string(oci::kVersion),
                           .id = request_.keyring_name,
                           .status = oci::Status::created,
                           .pid = ::getpid(),
                           .bundle = request_.bundle,
                           .annotations = spec_.annotations};
    run_hooks(hooks, kind, state);
  }

  const InitInheritance& in_;
  const LaunchRequest& request_;
  const oci::Spec& spec_;
  SyncSocket launcher_;
  Fd procfs_;
  RootDir root_;
  Fd mask_source_;
  Terminal terminal_;
  std::optional<SeccompProgram> seccomp_;
  std::optional<Program> program_;
};

template <class Tell>
[[noreturn]] void tell_failure(Tell tell) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    tell(error.code(), error.what());
  } catch (const std::exception& error) {
    tell(0, error.what());
  }
  exit_now(1);
}

}  // namespace

void run_init(const InitInheritance& inheritance, SyncSocket launcher) noexcept {
  Doing::start_anew();
  Init init(inheritance, std::move(launcher));
  try {
    init.prepare();
  } catch (...) {
    tell_failure([&](int code, const char* text) { init.tell_launcher(code, text); });
  }
  try {
    init.run();
  } catch (...) {
    tell_failure([&](int code, const char* text) { init.tell_starter(code, text); });
  }
  exit_now(1);
}

}  // namespace gocker
