#include "runtime/linux/seccomp_enosys.h"

#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>

#include "runtime/linux/seccomp_code.h"

namespace gocker {

std::vector<sock_filter> enosys_prologue(const std::vector<HighestSyscall>& highest) {
  constexpr size_t kPart = 6;  // instructions for one architecture
  std::vector<HighestSyscall> known;
  for (const HighestSyscall& one : highest) {
    if (one.number != 0) known.push_back(one);
  }
  std::vector<sock_filter> code;
  if (known.empty()) return code;
  code.push_back(bpf_load(offsetof(seccomp_data, arch)));
  const size_t end = 1 + known.size() * kPart;
  for (const HighestSyscall& one : known) {
    code.push_back(bpf_jump(BPF_JEQ, one.architecture, 0, kPart - 1));
    code.push_back(bpf_load(offsetof(seccomp_data, nr)));
    code.push_back(bpf_jump(BPF_JGE, kFirstSpecialSyscall, 2, 0));
    code.push_back(bpf_jump(BPF_JGT, one.number, 0, 1));
    code.push_back(bpf_return(SECCOMP_RET_ERRNO | ENOSYS));
    code.push_back(bpf_skip(end - code.size() - 1));
  }
  return code;
}

}  // namespace gocker
