#include "tests/unit/linux/filter_machine.h"

#include <cstring>
#include <string>

#include "runtime/base/error.h"

namespace gocker {
namespace {

bool compare(const sock_filter& instruction, uint32_t accumulator) {
  switch (BPF_OP(instruction.code)) {
    case BPF_JEQ:
      return accumulator == instruction.k;
    case BPF_JGE:
      return accumulator >= instruction.k;
    case BPF_JGT:
      return accumulator > instruction.k;
    default:
      throw Error("an unexpected comparison");
  }
}

uint32_t field(const seccomp_data& call, uint32_t offset) {
  if (offset % sizeof(uint32_t) != 0 || offset >= sizeof call) throw Error("a load out of bounds");
  uint32_t value = 0;
  std::memcpy(&value, reinterpret_cast<const char*>(&call) + offset, sizeof value);
  return value;
}

}  // namespace

uint32_t decide(const std::vector<sock_filter>& program, const seccomp_data& call) {
  uint32_t accumulator = 0;
  for (size_t i = 0; i < program.size(); ++i) {
    const sock_filter& instruction = program[i];
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        accumulator = field(call, instruction.k);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= instruction.k;
        break;
      case BPF_JMP | BPF_JA:
        i += instruction.k;
        break;
      case BPF_RET | BPF_K:
        return instruction.k;
      default:
        if (BPF_CLASS(instruction.code) != BPF_JMP) throw Error("an unexpected instruction");
        i += compare(instruction, accumulator) ? instruction.jt : instruction.jf;
    }
  }
  throw Error("the program has no end");
}

}  // namespace gocker
