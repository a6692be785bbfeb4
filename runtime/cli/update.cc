// gocker-runtime update: new limits for a container that exists.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/systemd_limits.h"
#include "runtime/cgroup/systemd_scope.h"
#include "runtime/cli/command.h"
#include "runtime/container/container.h"
#include "runtime/linux/intel_rdt.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    Option{"resources", 'r', "FILE", "linux.resources as JSON; - is the standard input"},
    Option{"memory", 'm', "BYTES", "most memory (-1: unlimited; k, m, g may follow)"},
    Option{"memory-reservation", 0, "BYTES", "memory that is kept for it"},
    Option{"memory-swap", 0, "BYTES", "most memory and swap together (-1: unlimited)"},
    Option{"kernel-memory", 0, "BYTES", "most memory of the kernel (former kernels)"},
    Option{"kernel-memory-tcp", 0, "BYTES", "most memory of TCP buffers (former kernels)"},
    Option{"cpu-share", 0, "N", "weight beside other groups (2 to 262144)"},
    Option{"cpu-quota", 0, "MICROSECONDS", "CPU time within a period (-1: unlimited)"},
    Option{"cpu-period", 0, "MICROSECONDS", "the period of the quota"},
    Option{"cpu-burst", 0, "MICROSECONDS", "unused quota that may be saved up"},
    Option{"cpu-idle", 0, "0|1", "1: run only where nobody else wants to"},
    Option{"cpu-rt-runtime", 0, "MICROSECONDS", "real-time CPU time within a period"},
    Option{"cpu-rt-period", 0, "MICROSECONDS", "the period of the real-time share"},
    Option{"cpuset-cpus", 0, "LIST", "CPUs that may be used: 0-3,7"},
    Option{"cpuset-mems", 0, "LIST", "memory nodes that may be used"},
    Option{"blkio-weight", 0, "N", "weight of block I/O (10 to 1000)"},
    Option{"pids-limit", 0, "N", "most processes (-1: unlimited)"},
    Option{"l3-cache-schema", 0, "LINE", "of the container's resctrl class: L3:0=7f"},
    Option{"mem-bw-schema", 0, "LINE", "of the container's resctrl class: MB:0=50"}};

[[noreturn]] void throw_bad_value(const char* option, const std::string& text) {
  throw UsageError("--" + std::string(option) + ": \"" + text + "\" is no number in its range");
}

// "512m", "1.5g" is not taken: bytes are whole.
int64_t bytes(const Arguments& arguments, const char* option) {
  const std::string text = arguments.value(option);
  std::string digits = to_lower(text);
  if (digits.ends_with('b') && digits.size() > 1) digits.pop_back();
  int shift = 0;
  constexpr std::string_view kUnits = "kmgt";
  const size_t unit = digits.empty() ? kUnits.npos : kUnits.find(digits.back());
  if (unit != kUnits.npos) {
    shift = 10 * (static_cast<int>(unit) + 1);
    digits.pop_back();
  }
  const auto number = parse_i64(digits);
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  if (!number || *number < -1 || *number > kLargest >> shift || (*number < 0 && shift != 0)) {
    throw_bad_value(option, text);
  }
  return *number << (*number < 0 ? 0 : shift);
}

template <class Number>
Number number(const Arguments& arguments, const char* option) {
  const std::string text = arguments.value(option);
  const auto value = parse_i64(text);
  if (!value || !std::in_range<Number>(*value)) throw_bad_value(option, text);
  return static_cast<Number>(*value);
}

template <class Number>
void set_number(std::optional<Number>& field, const Arguments& arguments, const char* option) {
  if (arguments.has(option)) field = number<Number>(arguments, option);
}

void set_bytes(std::optional<int64_t>& field, const Arguments& arguments, const char* option) {
  if (arguments.has(option)) field = bytes(arguments, option);
}

oci::MemoryResources memory_from(const Arguments& arguments) {
  oci::MemoryResources memory;
  set_bytes(memory.limit, arguments, "memory");
  set_bytes(memory.reservation, arguments, "memory-reservation");
  set_bytes(memory.swap, arguments, "memory-swap");
  set_bytes(memory.kernel, arguments, "kernel-memory");
  set_bytes(memory.kernel_tcp, arguments, "kernel-memory-tcp");
  return memory;
}

oci::CpuResources cpu_from(const Arguments& arguments) {
  oci::CpuResources cpu;
  set_number(cpu.shares, arguments, "cpu-share");
  set_number(cpu.quota, arguments, "cpu-quota");
  set_number(cpu.period, arguments, "cpu-period");
  set_number(cpu.burst, arguments, "cpu-burst");
  set_number(cpu.idle, arguments, "cpu-idle");
  set_number(cpu.realtime_runtime, arguments, "cpu-rt-runtime");
  set_number(cpu.realtime_period, arguments, "cpu-rt-period");
  cpu.cpus = arguments.value("cpuset-cpus");
  cpu.mems = arguments.value("cpuset-mems");
  return cpu;
}

oci::Resources resources_from_options(const Arguments& arguments) {
  oci::Resources resources;
  resources.memory = memory_from(arguments);
  resources.cpu = cpu_from(arguments);
  set_number(resources.pids_limit, arguments, "pids-limit");
  if (arguments.has("blkio-weight")) {
    resources.block_io.emplace().weight = number<uint16_t>(arguments, "blkio-weight");
  }
  return resources;
}

oci::Resources wanted_resources(const Arguments& arguments) {
  const std::string file = arguments.value("resources");
  if (file.empty()) return resources_from_options(arguments);
  oci::Resources resources =
      file == "-" ? oci::parse_resources(
                        read_all(Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)), "standard input"),
                        "standard input")
                  : oci::parse_resources(read_file(file), file);
  // As the other numbers that nobody set: engines send what they know, zeros included.
  if (resources.pids_limit == 0) resources.pids_limit.reset();
  return resources;
}

void update_schemata(const Container& container, const Arguments& arguments) {
  if (!arguments.has("l3-cache-schema") && !arguments.has("mem-bw-schema")) return;
  const std::optional<oci::IntelRdt> rdt = container.load_config().linux_.intel_rdt;
  if (!rdt) throw Error("it has no linux.intelRdt, so no class whose schemata could change");
  update_rdt_schemata(find_rdt_groups(*rdt, container.record().id, find_resctrl()),
                      arguments.value("l3-cache-schema"), arguments.value("mem-bw-schema"));
}

// Else its next reload would take the former limits back.
void tell_systemd(const ContainerRecord& record) {
  if (record.scope.empty()) return;
  set_systemd_helper_folder(own_folder());
  const std::string& directory = record.cgroup.hierarchies.front().directory;
  set_scope_properties(record.scope, own_systemd_instance(),
                       limits_of_scope(read_limit_files(GroupDirectory::open(directory))));
}

int run(const Global& global, const Arguments& arguments) {
  const oci::Resources resources = wanted_resources(arguments);
  const Container container = Container::load(StateRoot(global.state_root),
                                              arguments.positionals().at(0), Locking::exclusive);
  const Doing doing("update container", container.record().id);
  if (!container.open_process()) throw Error("container not running");
  Cgroup(container.record().cgroup).update(resources);
  update_schemata(container, arguments);
  tell_systemd(container.record());
  return 0;
}

}  // namespace

constinit const Command kUpdate{.name = "update",
                                .arguments = "ID",
                                .summary = "change the limits of a container",
                                .options = kOptions,
                                .least = 1,
                                .most = 1,
                                .run = run};

}  // namespace gocker::cli
