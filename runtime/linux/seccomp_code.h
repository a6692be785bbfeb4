// The instructions of a seccomp filter: what a range of system call numbers leads to, as BPF.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

using FilterCode = std::vector<sock_filter>;

inline sock_filter bpf_load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}

// `yes` and `no` count the instructions to be skipped.
inline sock_filter bpf_jump(uint16_t comparison, uint32_t value, uint8_t yes, uint8_t no) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | comparison | BPF_K), value, yes, no);
}

inline sock_filter bpf_skip(size_t instructions) {
  return BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(instructions));
}

inline sock_filter bpf_return(uint32_t action) {
  return BPF_STMT(BPF_RET | BPF_K, action);
}

// One argument against one value. Architectures of 32 bits have only the lower halves of both.
struct ArgumentTest {
  uint32_t index = 0;
  oci::SeccompOperator op = oci::SeccompOperator::eq;
  uint64_t mask = 0;
  uint64_t value = 0;
  bool wide = false;

  bool holds(uint64_t argument) const;
};

struct Alternative {
  std::vector<ArgumentTest> tests;  // joined by "and"
  uint32_t action = 0;
};

// The numbers from `first` to the next range's: the action of the alternative that holds, if any,
// or else this one.
struct NumberRange {
  uint32_t first = 0;
  uint32_t action = 0;
  std::vector<Alternative> alternatives;
};

// Looks up the number, which is in the accumulator. The ranges are sorted; none is not enough.
void append_lookup(FilterCode& code, std::span<const NumberRange> ranges);

}  // namespace gocker
