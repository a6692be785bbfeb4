// Runs a program to its end and tells what it took, from a parent as small as can be: what a parent
// has in memory shows in ru_maxrss of its child, and a large one takes longer to clone.
//
//   launcher PROGRAM [ARGUMENT]...     prints NANOSECONDS KILOBYTES EXIT_CODE
//
// The program gets /dev/null as stdin and stdout. KILOBYTES is the peak of the largest of it and of
// all that it waited for.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char** words) {
  if (count < 2) return 2;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  const long long begin = now();
  pid_t pid;
  const int failure = posix_spawn(&pid, words[1], &actions, NULL, words + 1, environ);
  if (failure != 0) {
    fprintf(stderr, "launcher: cannot execute %s\n", words[1]);
    return 127;
  }
  int status;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) < 0) return 126;
  const long long end = now();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  printf("%lld %ld %d\n", end - begin, usage.ru_maxrss, code);
  return 0;
}
