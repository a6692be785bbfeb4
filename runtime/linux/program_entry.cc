// The program's entry (-Wl,-e,gocker_entry): guards the binary before libc is there, then has libc
// started. Freestanding, as binary_overlay.cc is. The programs of the sanitizers start as libc
// wants.
#include <initializer_list>

#include "runtime/linux/binary_overlay.h"
#include "runtime/linux/libc_start.h"

#ifdef GOCKER_OWN_ENTRY

namespace gocker {
namespace {

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// Whether a word is one of the commands that start a process in a container. As a container's name
// it costs a start that is not needed, no more.
bool names_starting_command(char** argv) {
  for (; *argv != nullptr; ++argv) {
    for (const char* command : {"create", "run", "exec", "restore"}) {
      if (equal(*argv, command)) return true;
    }
  }
  return false;
}

}  // namespace
}  // namespace gocker

// The kernel's stack at the start of a program: argc, argv, a null pointer, the environment.
extern "C" void gocker_before_libc(long* stack) {
  char** argv = reinterpret_cast<char**>(stack + 1);
  char** environment = argv + *stack + 1;
  if (!gocker::names_starting_command(argv) || gocker::is_marked(environment)) return;
  gocker::execute_from_overlay(argv, environment);
}

// The stack pointer is all that the kernel hands over: it is kept for whoever starts libc.
#if defined(__x86_64__)
__asm__(
    ".globl gocker_entry\n"
    ".type gocker_entry, @function\n"
    "gocker_entry:\n"
    "  endbr64\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  call gocker_before_libc\n"
#ifdef GOCKER_STARTS_LIBC
    "  mov %rsp, %rdi\n"
    "  mov $main, %esi\n"
    "  call gocker_start_libc\n");
#else
    "  xor %edx, %edx\n"
    "  jmp _start\n");
#endif
#elif defined(__aarch64__)
__asm__(
    ".globl gocker_entry\n"
    ".type gocker_entry, %function\n"
    "gocker_entry:\n"
    "  mov x29, #0\n"
    "  mov x0, sp\n"
    "  bl gocker_before_libc\n"
    "  mov x0, #0\n"
    "  b _start\n");
#endif

#endif
