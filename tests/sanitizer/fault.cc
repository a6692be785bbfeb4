// Commits a fault where nobody would see it: in a child without descriptors and with another root.
//
//   sanitizer-fault address|undefined|leak
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <string>

namespace {

void commit(const std::string& fault) {
  volatile int number = INT_MAX;
  int* place = new int[1];
  if (fault == "address") {
    delete[] place;
    number = *place;
  }
  if (fault == "undefined") number = number + 1;
  if (fault == "leak") {
    place = new int[10];
    place = nullptr;
  }
}

void disappear() {
  if (::chroot("/proc/self/fd") != 0 || ::chdir("/") != 0) ::_exit(1);
  ::close_range(0, ~0U, 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string fault = argv[1];
  const pid_t child = ::fork();
  if (child == 0) {
    if (fault != "leak") disappear();  // those are looked for in /proc
    commit(fault);
    return 0;
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
