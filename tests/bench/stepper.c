// Tells which instructions of a program are executed: runs it step by step, with all that it clones.
//
//   stepper OUTPUT FIRST LAST PROGRAM [ARGUMENT]...
//
// Writes those between the addresses FIRST and LAST, hexadecimal, ascending, one a line, and how many
// were executed in all, wherever, on stderr, and how many of them were cpuid, which a hypervisor has to
// answer; ends as the program does. x86_64 only.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long first, last;
static unsigned char* executed;
static unsigned long steps, cpuids;

static pid_t launch(char** words) {
  const pid_t child = fork();
  if (child != 0) return child;
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  execv(words[0], words);
  _exit(127);
}

static int is_cpuid(pid_t pid, unsigned long address) {
  static unsigned long others[1 << 16];  // known to be none: most instructions come again
  unsigned long* known = &others[address % (sizeof others / sizeof *others)];
  if (*known == address) return 0;
  const long word = ptrace(PTRACE_PEEKTEXT, pid, (void*)address, NULL);
  if ((word & 0xffff) == 0xa20f) return 1;
  *known = address;
  return 0;
}

static void note(pid_t pid) {
  ++steps;
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, 0, &registers) != 0) return;
  if (registers.rip >= first && registers.rip < last) executed[registers.rip - first] = 1;
  if (is_cpuid(pid, registers.rip)) ++cpuids;
}

// The exit code of `main_process`, once all have ended.
static int step(pid_t main_process) {
  int status, code = 127;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      if (pid == main_process) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
      continue;
    }
    note(pid);
    const int number = WSTOPSIG(status);
    const int passed_on = number == SIGTRAP || number == SIGSTOP ? 0 : number;
    ptrace(PTRACE_SINGLESTEP, pid, 0, (long)passed_on);
  }
  return code;
}

int main(int count, char** words) {
  if (count < 5) return 2;
  first = strtoul(words[2], NULL, 16);
  last = strtoul(words[3], NULL, 16);
  executed = calloc(last - first, 1);
  const pid_t child = launch(words + 4);
  int status;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0,
         (long)(PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
                PTRACE_O_EXITKILL));
  ptrace(PTRACE_SINGLESTEP, child, 0, 0);
  const int code = step(child);
  fprintf(stderr, "%lu instructions, %lu cpuid\n", steps, cpuids);
  FILE* output = fopen(words[1], "w");
  for (unsigned long i = 0; i < last - first; ++i) {
    if (executed[i]) fprintf(output, "%lx\n", first + i);
  }
  return fclose(output) == 0 ? code : 126;
}
