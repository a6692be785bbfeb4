// A program under guard_binary(): tells how it was started, then waits for the end of its stdin.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/base/error.h"
#include "runtime/linux/self_seal.h"

int main(int argc, char** argv) {
  try {
    gocker::guard_binary(argv);
  } catch (const gocker::Error& error) {
    std::printf("error: %s\n", error.what());
    return 1;
  }
  struct statfs filesystem {};
  ::statfs("/proc/self/exe", &filesystem);
  const char* kind = filesystem.f_type == OVERLAYFS_SUPER_MAGIC ? "overlay"
                     : filesystem.f_type == TMPFS_MAGIC         ? "memory"
                                                                : "plain";
  const char* variable = std::getenv("KEPT");
  const bool marked = std::getenv("GOCKER_SEALED_BINARY") != nullptr;
  std::printf("%s|%s|%d|%s|%s|%d\n", kind, argv[0], argc, variable != nullptr ? variable : "",
              marked ? "marked" : "unmarked", ::fcntl(20, F_GETFD));
  std::fflush(stdout);
  char end;
  while (::read(STDIN_FILENO, &end, 1) > 0) {
  }
  return 0;
}
