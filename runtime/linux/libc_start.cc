#include "runtime/linux/libc_start.h"

#ifdef GOCKER_STARTS_LIBC

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>

// Of glibc's static library and of the linker. No header has them.
// NOLINTBEGIN(*-reserved-identifier,cert-dcl*,readability-identifier-naming)
extern "C" {
using Initializer = void (*)(int, char**, char**);

extern char** __environ;
extern void* __libc_stack_end;
extern int __libc_enable_secure;
extern void* _dl_random;  // 16 bytes from the kernel
extern long __x86_shared_non_temporal_threshold;
extern long __x86_rep_movsb_stop_threshold;
extern const ElfW(Rela) __rela_iplt_start[];
extern const ElfW(Rela) __rela_iplt_end[];
extern const Initializer __preinit_array_start[];
extern const Initializer __preinit_array_end[];
extern const Initializer __init_array_start[];
extern const Initializer __init_array_end[];

void _dl_aux_init(ElfW(auxv_t) * auxiliary);
void __tunables_init(char** environment);
void __libc_setup_tls();
void __libc_check_standard_fds();
void __libc_early_init(bool is_initial);
void __libc_init_first(int argc, char** argv, char** environment);
}
// NOLINTEND(*-reserved-identifier,cert-dcl*,readability-identifier-naming)

namespace {

// Bytes from which on memcpy(3) goes past the caches: what glibc takes for a cache of 1 MB, its
// presumption about processors that it does not know.
constexpr long kPastTheCaches = 0xc0000;

ElfW(auxv_t) * auxiliary_vector(char** environment) {
  while (*environment != nullptr) ++environment;
  return reinterpret_cast<ElfW(auxv_t)*>(environment + 1);
}

// Each function that has variants names one itself, by what is known of the processor: nothing.
void choose_variants() {
  __x86_shared_non_temporal_threshold = kPastTheCaches;
  __x86_rep_movsb_stop_threshold = kPastTheCaches;
  // NOLINTBEGIN(performance-no-int-to-ptr)  the table has addresses
  for (const ElfW(Rela)* entry = __rela_iplt_start; entry != __rela_iplt_end; ++entry) {
    const auto resolver = reinterpret_cast<uintptr_t (*)()>(entry->r_addend);
    *reinterpret_cast<uintptr_t*>(entry->r_offset) = resolver();
  }
  // NOLINTEND(performance-no-int-to-ptr)
}

// Where the code of the compiler and of setjmp(3) look for them (the ABI's tcbhead_t). The canary's
// first byte is zero, so that no text runs over it.
void set_guards() {
  const auto* random = static_cast<const uintptr_t*>(_dl_random);
  __asm__ volatile("mov %0, %%fs:0x28" : : "r"(random[0] & ~uintptr_t{0xff}));
  __asm__ volatile("mov %0, %%fs:0x30" : : "r"(random[1]));
}

void call_each(const Initializer* from, const Initializer* to, int argc, char** argv) {
  for (; from != to; ++from) (*from)(argc, argv, __environ);
}

}  // namespace

void gocker_start_libc(long* stack, int (*program)(int, char**, char**)) {
  const int argc = static_cast<int>(*stack);
  char** argv = reinterpret_cast<char**>(stack + 1);
  __environ = argv + argc + 1;
  __libc_stack_end = stack;
  _dl_aux_init(auxiliary_vector(__environ));
  __tunables_init(__environ);
  choose_variants();
  __libc_setup_tls();
  set_guards();
  if (__libc_enable_secure != 0) __libc_check_standard_fds();
  __libc_early_init(true);
  __libc_init_first(argc, argv, __environ);
  call_each(__preinit_array_start, __preinit_array_end, argc, argv);
  call_each(__init_array_start, __init_array_end, argc, argv);
  // Nothing is left to be called at the end that exit(3) does not know of.
  exit(program(argc, argv, __environ));
}

#endif
