#include "runtime/cgroup/device_filter.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/base/error.h"

namespace gocker {
namespace {

static_assert(kDeviceMknod == BPF_DEVCG_ACC_MKNOD && kDeviceRead == BPF_DEVCG_ACC_READ &&
              kDeviceWrite == BPF_DEVCG_ACC_WRITE);

// How the filter is found again; at most 15 characters.
constexpr char kName[BPF_OBJ_NAME_LEN] = "gocker_devices";

enum Register : uint8_t { kResult, kContext, kAccess, kType, kMajor, kMinor, kDevice, kWanted };

uint64_t device_key(uint32_t major, uint32_t minor) {
  return uint64_t{major} << 32 | minor;
}

int kernel_type(char type) {
  return type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

// Single devices of one type, one after the other, to which the same kinds of access are allowed.
struct DeviceRun {
  char type = 'c';
  unsigned allowed = 0;
  std::vector<uint64_t> devices;

  // A jump reaches 32,767 instructions; a device takes three.
  bool is_full() const { return devices.size() >= 8192; }
};

class Program {
 public:
  // Unpacks the kernel's request; kAccess then holds the kinds of access not yet decided on.
  Program() {
    load(kType, offsetof(bpf_cgroup_dev_ctx, access_type));
    load(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
    load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
    copy(kAccess, kType);
    add(BPF_ALU | BPF_RSH | BPF_K, kAccess, 16);
    add(BPF_ALU | BPF_AND | BPF_K, kType, 0xFFFF);
    add(BPF_ALU64 | BPF_MOV | BPF_X, kDevice, 0).src_reg = kMajor;
    add(BPF_ALU64 | BPF_LSH | BPF_K, kDevice, 32);
    add(BPF_ALU64 | BPF_OR | BPF_X, kDevice, 0).src_reg = kMinor;
  }

  // The same as to conclude() on each of them. But for one comparison a device, with one answer for
  // all, the verifier takes a sixth of the time that it takes for three and many answers.
  void conclude(const DeviceRun& run) {
    if (run.devices.empty()) return;
    skip_if(BPF_JNE, kType, static_cast<uint32_t>(kernel_type(run.type)));
    std::vector<size_t> found;
    for (const uint64_t device : run.devices) {
      load_constant(kWanted, device);
      found.push_back(code_.size());
      add(BPF_JMP | BPF_JEQ | BPF_X, kDevice, 0).src_reg = kWanted;
    }
    skips_.push_back(code_.size());
    add(BPF_JMP | BPF_JA, kResult, 0);
    land(found);
    answer_for(run.allowed);
    land(skips_);
  }

  // For a device that fits: the kinds of access that are allowed, once and for all.
  void conclude(const DeviceAccess& what, unsigned allowed) {
    skip_unless_fits(what);
    answer_for(allowed);
    land(skips_);
  }

  // For a device that fits: decides on some kinds of access, and leaves the others open.
  void decide(const DeviceDecision& decision) {
    skip_unless_fits(decision.what);
    if (decision.allow) {
      add(BPF_ALU | BPF_AND | BPF_K, kAccess, ~decision.what.access);
      skip_if(BPF_JNE, kAccess, 0);
    } else {
      copy(kResult, kAccess);
      add(BPF_ALU | BPF_AND | BPF_K, kResult, decision.what.access);
      skip_if(BPF_JEQ, kResult, 0);
    }
    answer(decision.allow);
    land(skips_);
  }

  void answer(bool allow) {
    add(BPF_ALU | BPF_MOV | BPF_K, kResult, allow ? 1 : 0);
    add(BPF_JMP | BPF_EXIT, kResult, 0);
  }

  std::vector<bpf_insn> take() { return std::move(code_); }

 private:
  // Whether nothing is asked for but the kinds of access that are allowed.
  void answer_for(unsigned allowed) {
    if (allowed != kDeviceAll && allowed != 0) {
      copy(kResult, kAccess);
      add(BPF_ALU | BPF_AND | BPF_K, kResult, ~allowed);
      constexpr int16_t kAnswerLength = 2;
      add(BPF_JMP32 | BPF_JEQ | BPF_K, kResult, 0).off = kAnswerLength;
      answer(false);
    }
    answer(allowed != 0);
  }

  bpf_insn& add(int operation, Register to, uint32_t operand) {
    bpf_insn instruction{};
    instruction.code = static_cast<uint8_t>(operation);
    instruction.dst_reg = to & 0xFU;
    instruction.imm = static_cast<int32_t>(operand);
    return code_.emplace_back(instruction);
  }

  void copy(Register to, Register from) {
    add(BPF_ALU | BPF_MOV | BPF_X, to, 0).src_reg = from & 0xFU;
  }

  void load(Register to, size_t offset) {
    bpf_insn& instruction = add(BPF_LDX | BPF_MEM | BPF_W, to, 0);
    instruction.src_reg = kContext;
    instruction.off = static_cast<int16_t>(offset);
  }

  void load_constant(Register to, uint64_t value) {
    add(BPF_LD | BPF_IMM | BPF_DW, to, static_cast<uint32_t>(value));
    add(0, kResult, static_cast<uint32_t>(value >> 32));  // the second half of the instruction
  }

  void skip_unless_fits(const DeviceAccess& what) {
    if (what.type != 'a') {
      skip_if(BPF_JNE, kType, static_cast<uint32_t>(kernel_type(what.type)));
    }
    if (what.major) skip_if(BPF_JNE, kMajor, *what.major);
    if (what.minor) skip_if(BPF_JNE, kMinor, *what.minor);
  }

  // A jump over the rest of the decision, where the comparison holds.
  void skip_if(int comparison, Register left, uint32_t right) {
    skips_.push_back(code_.size());
    add(BPF_JMP32 | comparison | BPF_K, left, right);
  }

  // The jumps lead to what comes next.
  void land(std::vector<size_t>& jumps) {
    for (const size_t jump : jumps) {
      code_[jump].off = static_cast<int16_t>(code_.size() - jump - 1);
    }
    jumps.clear();
  }

  std::vector<bpf_insn> code_;
  std::vector<size_t> skips_;
};

// What the decisions up to `last` allow to all that fits the last one's pattern. Nothing where they
// treat devices within it differently.
std::optional<unsigned> resolve(const std::vector<DeviceDecision>& decisions, size_t last) {
  const DeviceAccess& pattern = decisions[last].what;
  unsigned open = kDeviceAll;
  unsigned allowed = 0;
  for (size_t i = last + 1; i-- > 0 && open != 0;) {
    const DeviceDecision& decision = decisions[i];
    if (!decision.what.overlaps(pattern) || (decision.what.access & open) == 0) continue;
    if (!decision.what.covers(pattern)) return std::nullopt;
    if (decision.allow) allowed |= decision.what.access & open;
    open &= ~decision.what.access;
  }
  return allowed;
}

// Adds the decision to the run where it is of its kind.
bool join_run(DeviceRun& run, const DeviceAccess& what, unsigned allowed) {
  const bool single = what.type != 'a' && what.major && what.minor;
  if (!single || run.is_full()) return false;
  if (run.devices.empty()) run = {.type = what.type, .allowed = allowed, .devices = {}};
  if (run.type != what.type || run.allowed != allowed) return false;
  run.devices.push_back(device_key(*what.major, *what.minor));
  return true;
}

int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

uint64_t address(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

Fd load_program(const std::vector<bpf_insn>& code) {
  static constexpr char kLicense[] = "MIT";
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address(code.data());
  attributes.insn_cnt = static_cast<uint32_t>(code.size());
  attributes.license = address(kLicense);
  std::memcpy(attributes.prog_name, kName, sizeof kName);
  return Fd(check(bpf(BPF_PROG_LOAD, attributes), "load the BPF program"));
}

bool is_ours(const Fd& program) {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<uint32_t>(program.get());
  attributes.info.info_len = sizeof info;
  attributes.info.info = address(&info);
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) return false;
  return std::strncmp(info.name, kName, sizeof kName) == 0;
}

// The filter that an earlier call attached to this very group.
Fd find_attached(const Fd& group) {
  constexpr uint32_t kMaxPrograms = 64;  // BPF_CGROUP_MAX_PROGS of the kernel
  std::array<uint32_t, kMaxPrograms> ids{};
  bpf_attr query{};
  query.query.target_fd = static_cast<uint32_t>(group.get());
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = address(ids.data());
  query.query.prog_cnt = kMaxPrograms;
  check(bpf(BPF_PROG_QUERY, query), "list the BPF programs");
  for (uint32_t i = 0; i < query.query.prog_cnt; ++i) {
    bpf_attr by_id{};
    by_id.prog_id = ids[i];
    Fd program(bpf(BPF_PROG_GET_FD_BY_ID, by_id));
    if (program && is_ours(program)) return program;
  }
  return Fd();
}

}  // namespace

std::vector<bpf_insn> compile_device_filter(const std::vector<DeviceDecision>& decisions) {
  Program program;
  DeviceRun run;
  for (size_t i = decisions.size(); i-- > 0;) {
    const DeviceAccess& what = decisions[i].what;
    const auto allowed = resolve(decisions, i);
    if (allowed && join_run(run, what, *allowed)) continue;
    program.conclude(std::exchange(run, {}));
    if (allowed && join_run(run, what, *allowed)) continue;
    if (!allowed) {
      program.decide(decisions[i]);
      continue;
    }
    // Ends the program for what fits, so that the verifier's work grows with the number of rules
    // and not with its square: it gives up after a million steps.
    program.conclude(what, *allowed);
    const bool fits_all = what.type == 'a' && !what.major && !what.minor;
    if (fits_all) return program.take();  // the verifier refuses code that can't be reached
  }
  program.conclude(run);
  program.answer(false);
  return program.take();
}

void attach_device_filter(const GroupDirectory& group, const std::vector<DeviceDecision>& decisions,
                          Attached attached) {
  const Doing doing("filter devices of control group", group.path());
  const Fd before = attached == Attached::nothing ? Fd() : find_attached(group.fd());
  if (!before && allows_everything(decisions)) return;
  const Fd program = load_program(compile_device_filter(decisions));
  bpf_attr attach{};
  attach.target_fd = static_cast<uint32_t>(group.fd().get());
  attach.attach_bpf_fd = static_cast<uint32_t>(program.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (before) {
    attach.attach_flags |= BPF_F_REPLACE;
    attach.replace_bpf_fd = static_cast<uint32_t>(before.get());
  }
  check(bpf(BPF_PROG_ATTACH, attach), "attach the BPF program");
}

}  // namespace gocker
