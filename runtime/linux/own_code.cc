#include "runtime/linux/own_code.h"

#include <link.h>
#include <sys/mman.h>

#include <cstdint>

namespace gocker {
namespace {

// Never what can be written to: it would come back as it is in the binary. Refused, it is as if it
// had not been tried.
int let_go(dl_phdr_info* program, size_t /*size*/, void* /*data*/) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = program->dlpi_addr + segment.p_vaddr;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)  the table has addresses
    ::madvise(reinterpret_cast<void*>(begin), segment.p_memsz, MADV_DONTNEED);
  }
  return 1;  // the program itself comes first: no library
}

}  // namespace

void let_go_of_code() noexcept {
  ::dl_iterate_phdr(let_go, nullptr);
}

}  // namespace gocker
