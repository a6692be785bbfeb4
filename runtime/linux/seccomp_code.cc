#include "runtime/linux/seccomp_code.h"

#include <linux/seccomp.h>

#include <limits>

namespace gocker {
namespace {

using oci::SeccompOperator;

// Stand-ins for distances, until it is known where a test and its alternative end.
constexpr uint8_t kNext = 0;
constexpr uint8_t kHolds = 254;
constexpr uint8_t kFails = 255;

constexpr uint32_t high_half(uint64_t value) {
  return static_cast<uint32_t>(value >> 32);
}
constexpr uint32_t low_half(uint64_t value) {
  return static_cast<uint32_t>(value);
}

// The other three are the opposites of these.
uint16_t comparison_of(SeccompOperator op) {
  switch (op) {
    case SeccompOperator::lt:
    case SeccompOperator::ge:
      return BPF_JGE;
    case SeccompOperator::le:
    case SeccompOperator::gt:
      return BPF_JGT;
    default:
      return BPF_JEQ;
  }
}

bool is_opposite(SeccompOperator op) {
  return op == SeccompOperator::ne || op == SeccompOperator::lt || op == SeccompOperator::le;
}

void append_load(FilterCode& code, size_t offset, uint32_t mask) {
  code.push_back(bpf_load(offset));
  if (mask != std::numeric_limits<uint32_t>::max()) {
    code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  }
}

// The upper half decides, unless it is equal.
void append_test(FilterCode& code, const ArgumentTest& test) {
  const uint16_t comparison = comparison_of(test.op);
  const uint8_t yes = is_opposite(test.op) ? kFails : kHolds;
  const uint8_t no = is_opposite(test.op) ? kHolds : kFails;
  const size_t low = offsetof(seccomp_data, args) + test.index * sizeof(uint64_t);  // little-endian
  const size_t begin = code.size();
  if (test.wide) {
    append_load(code, low + sizeof(uint32_t), high_half(test.mask));
    const uint32_t value = high_half(test.value);
    if (comparison != BPF_JEQ) code.push_back(bpf_jump(BPF_JGT, value, yes, kNext));
    code.push_back(bpf_jump(BPF_JEQ, value, kNext, no));
  }
  append_load(code, low, low_half(test.mask));
  code.push_back(bpf_jump(comparison, low_half(test.value), yes, no));
  for (size_t i = begin; i < code.size(); ++i) {
    const auto rest = static_cast<uint8_t>(code.size() - i - 1);
    if (code[i].jt == kHolds) code[i].jt = rest;
    if (code[i].jf == kHolds) code[i].jf = rest;
  }
}

// Six arguments of five instructions: all distances are small.
void append_alternative(FilterCode& code, const Alternative& alternative) {
  const size_t begin = code.size();
  for (const ArgumentTest& test : alternative.tests) append_test(code, test);
  code.push_back(bpf_return(alternative.action));
  for (size_t i = begin; i < code.size(); ++i) {
    const auto rest = static_cast<uint8_t>(code.size() - i - 1);
    if (code[i].jt == kFails) code[i].jt = rest;
    if (code[i].jf == kFails) code[i].jf = rest;
  }
}

}  // namespace

bool ArgumentTest::holds(uint64_t argument) const {
  const uint64_t masked = argument & mask;
  switch (op) {
    case SeccompOperator::ne:
      return masked != value;
    case SeccompOperator::lt:
      return masked < value;
    case SeccompOperator::le:
      return masked <= value;
    case SeccompOperator::ge:
      return masked >= value;
    case SeccompOperator::gt:
      return masked > value;
    case SeccompOperator::eq:
    case SeccompOperator::masked_eq:
      break;
  }
  return masked == value;
}

void append_lookup(FilterCode& code, std::span<const NumberRange> ranges) {
  if (ranges.size() == 1) {
    const NumberRange& range = ranges.front();
    for (const Alternative& alternative : range.alternatives) append_alternative(code, alternative);
    code.push_back(bpf_return(range.action));
    return;
  }
  const size_t half = ranges.size() / 2;
  const uint32_t middle = ranges[half].first;
  FilterCode below;
  append_lookup(below, ranges.first(half));
  // A conditional jump goes no farther than a byte can tell.
  if (below.size() <= std::numeric_limits<uint8_t>::max()) {
    code.push_back(bpf_jump(BPF_JGE, middle, static_cast<uint8_t>(below.size()), 0));
  } else {
    code.push_back(bpf_jump(BPF_JGE, middle, 0, 1));
    code.push_back(bpf_skip(below.size()));
  }
  code.insert(code.end(), below.begin(), below.end());
  append_lookup(code, ranges.subspan(half));
}

}  // namespace gocker
