#include "runtime/launch/container_groups.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/user_rights.h"
#include "runtime/cgroup/delegated.h"
#include "runtime/cgroup/membership.h"
#include "runtime/cgroup/systemd_limits.h"
#include "runtime/launch/mount_plan.h"
#include "runtime/linux/id_map.h"

namespace gocker {
namespace {

constexpr const char* kPidsFile = "pids.max";

// systemd's helper is in the group until the container is, CRIU until it is restored: the limit
// need have no room for them. systemd may have set it already.
oci::Resources without_pids_limit(oci::Resources resources) {
  constexpr int64_t kUnlimited = -1;
  if (resources.pids_limit) resources.pids_limit = kUnlimited;
  resources.unified.erase(kPidsFile);
  return resources;
}

oci::Resources only_pids_limit(const oci::Resources& resources) {
  oci::Resources pids;
  pids.pids_limit = resources.pids_limit;
  const auto unified = resources.unified.find(kPidsFile);
  if (unified != resources.unified.end()) pids.unified.insert(*unified);
  return pids;
}

SystemdProperties properties_of_scope(const GroupWishes& wishes, const oci::StringMap& annotations,
                                      const SystemdProperties& limits) {
  SystemdProperties properties = {
      {"Description", "s", {"gocker container " + wishes.id}},
      {"Delegate", "b", {"true"}},              // systemd leaves the groups below alone
      {"DefaultDependencies", "b", {"false"}},  // as for other runtimes' scopes
      {"CollectMode", "s", {"inactive-or-failed"}},
  };
  const SystemdProperties wanted = properties_of_annotations(annotations);
  properties.insert(properties.end(), wanted.begin(), wanted.end());
  properties.insert(properties.end(), limits.begin(), limits.end());
  return properties;
}

// Those that systemd can be told of at once, which spares a call that changes them later.
SystemdProperties first_limits(const GroupWishes& wishes, const oci::Resources& resources) {
  LimitFiles files = planned_limit_files(resources);
  // While the first process is made, the helper is below the scope, and in the way of a small
  // limit.
  if (!wishes.subgroup.empty()) files.erase(kPidsFile);
  return limits_of_scope(files);
}

CgroupPaths plan_own_groups(const GroupWishes& wishes) {
  const bool delegated = !is_superuser() && wishes.rootless != Rootless::no;
  if (wishes.cgroups_path.empty() && (delegated || wishes.rootless == Rootless::yes)) {
    return plan_delegated_cgroups(wishes.id);
  }
  return plan_cgroups(wishes.cgroups_path, wishes.id);
}

// Root in a user namespace may find the customary places closed.
bool looks_for_delegated(const Error& refused, const GroupWishes& wishes) {
  const int code = refused.code();
  const bool closed = code == EACCES || code == EPERM || code == EROFS;
  const bool may = wishes.rootless == Rootless::automatic && wishes.cgroups_path.empty();
  return closed && may && !is_host_root();
}

}  // namespace

GroupPlan plan_groups(const GroupWishes& wishes) {
  GroupPlan plan{.wishes = wishes, .paths = {}, .scope = {}};
  if (wishes.manager == CgroupManager::cgroupfs) plan.paths = plan_own_groups(wishes);
  if (wishes.manager == CgroupManager::systemd) {
    plan.scope = plan_scope(wishes.cgroups_path, wishes.id, own_systemd_instance());
    if (!cgroup_host().unified_only()) {
      throw Error(
          "groups by systemd need a host with cgroup v2 alone: use --cgroup-manager cgroupfs");
    }
  }
  return plan;
}

ContainerGroups::~ContainerGroups() {
  if (!scope_) return;
  scope_ = SystemdScope();  // and with it the helper, who is in there
  try {
    cgroup_.await_removal();
  } catch (const std::exception&) {
    // The error that led here is the one to tell.
  }
}

void ContainerGroups::make() {
  const oci::Resources resources = spec_.linux_.resources.value_or(oci::Resources{});
  if (plan_.scope) {
    make_scope(resources);
  } else {
    make_groups();
  }
  set_limits(others_are_in() ? without_pids_limit(resources) : resources);
}

void ContainerGroups::make_groups() {
  try {
    return cgroup_.create();
  } catch (const Error& refused) {
    if (!looks_for_delegated(refused, plan_.wishes)) throw;
    cgroup_.undo();
  }
  cgroup_ = Cgroup(plan_delegated_cgroups(plan_.wishes.id));
  cgroup_.create();
}

void ContainerGroups::make_scope(const oci::Resources& resources) {
  told_ = first_limits(plan_.wishes, resources);
  scope_ = SystemdScope::start(*plan_.scope, own_systemd_instance(),
                               properties_of_scope(plan_.wishes, spec_.annotations, told_));
  std::string directory = scope_.group();
  are_closed_ = !is_host_root() && !may_move(unified_directory_of(::getpid()), directory);
  if (!plan_.wishes.subgroup.empty()) directory += "/" + plan_.wishes.subgroup;
  cgroup_ = Cgroup({.hierarchies = {{.controllers = {}, .directory = directory, .owned = true}}});
  if (!plan_.wishes.subgroup.empty()) cgroup_.create(scope_.helper());
}

void ContainerGroups::set_limits(const oci::Resources& resources) {
  if (plan_.wishes.manager != CgroupManager::disabled) return cgroup_.apply(resources);
  if (spec_.linux_.resources) {
    warn("/linux/resources", "not applied: control groups are disabled by --cgroup-manager");
  }
}

void ContainerGroups::move_in(pid_t init) {
  const std::string& subgroup = plan_.wishes.subgroup;
  scope_.move_in({.pid = init, .group = subgroup.empty() ? "" : "/" + subgroup});
}

void ContainerGroups::enter() {
  give_to_container();
  if (guest_ == Guest::none) settle();
}

// An ordinary user's groups belong to the container's root as they are.
void ContainerGroups::give_to_container() {
  if (!is_superuser() || !can_manage_groups(spec_)) return;
  const bool mapped = spec_.linux_.find_namespace(oci::NamespaceType::user) != nullptr;
  const uid_t user = spec_.process->user.uid;
  const std::optional<uid_t> owner = mapped ? host_id(spec_.linux_.uid_mappings, user) : user;
  if (owner && *owner != ::geteuid()) cgroup_.give_to(*owner);
}

void ContainerGroups::settle() {
  if (!others_are_in() || plan_.wishes.manager == CgroupManager::disabled) return;
  const oci::Resources resources = spec_.linux_.resources.value_or(oci::Resources{});
  cgroup_.update(only_pids_limit(resources));
  if (!plan_.scope) return;
  // The kernel may have understood another value than systemd has been told.
  const GroupDirectory group = GroupDirectory::open(cgroup_.paths().hierarchies.front().directory);
  scope_.hand_over(news_in(limits_of_scope(read_limit_files(group, resources)), told_));
}

void ContainerGroups::finish() {
  if (guest_ != Guest::none) settle();
  if (plan_.scope) scope_.finish();
}

}  // namespace gocker
