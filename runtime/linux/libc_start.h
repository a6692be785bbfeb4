// The start of libc in a static program, without glibc's look at the processor: 43 cpuid
// instructions on the machine of docs/performance.md, each of which a hypervisor takes 4
// microseconds to answer. That is a quarter of all that `state` and `kill` take.
//
// What is left out serves to choose, by the processor's extensions and the size of its caches,
// among variants of memcpy(3) and its kin. Without it glibc takes those that any x86_64 can
// execute, which is as well for a program that copies some kilobytes in its life.
#pragma once

#include <features.h>

// It calls what is private to glibc, by the order of calls of this very version: any other, and any
// other architecture, starts as glibc wants it.
#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36
#define GOCKER_STARTS_LIBC 1
#endif

#ifdef GOCKER_STARTS_LIBC

// `stack` is as the kernel hands it to a program: argc, argv, a null pointer, the environment, a
// null pointer, the auxiliary vector. Does what __libc_start_main does, then exits as `program`,
// which is main, says. To be called by the program's entry, before anything else of libc.
extern "C" [[noreturn]] void gocker_start_libc(long* stack, int (*program)(int, char**, char**));

#endif
