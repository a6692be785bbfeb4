#include "runtime/linux/seccomp_enosys.h"

#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>

namespace gocker {
namespace {

sock_filter load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}

// `yes` and `no` count the instructions to be skipped.
sock_filter jump(uint16_t comparison, uint32_t value, uint8_t yes, uint8_t no) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | comparison | BPF_K), value, yes, no);
}

}  // namespace

std::vector<sock_filter> enosys_prologue(const std::vector<HighestSyscall>& highest) {
  constexpr size_t kPart = 6;  // instructions for one architecture
  std::vector<HighestSyscall> known;
  for (const HighestSyscall& one : highest) {
    if (one.number != 0) known.push_back(one);
  }
  std::vector<sock_filter> code;
  if (known.empty()) return code;
  code.push_back(load(offsetof(seccomp_data, arch)));
  const size_t end = 1 + known.size() * kPart;
  for (const HighestSyscall& one : known) {
    code.push_back(jump(BPF_JEQ, one.architecture, 0, kPart - 1));
    code.push_back(load(offsetof(seccomp_data, nr)));
    code.push_back(jump(BPF_JGE, kFirstSpecialSyscall, 2, 0));
    code.push_back(jump(BPF_JGT, one.number, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
    code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(end - code.size() - 1)));
  }
  return code;
}

}  // namespace gocker
