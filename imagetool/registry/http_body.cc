#include "imagetool/registry/http_body.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "runtime/base/error.h"

namespace gocker {

HttpBody text_body(std::string text) {
  const auto kept = std::make_shared<const std::string>(std::move(text));
  return {kept->size(), [kept](uint64_t offset, char* buffer, size_t room) {
            return kept->copy(buffer, room, static_cast<size_t>(offset));
          }};
}

HttpBody file_body(const Fd& file, uint64_t start, uint64_t size) {
  return {size, [&file, start](uint64_t offset, char* buffer, size_t room) {
            const auto position = static_cast<off_t>(start + offset);
            const ssize_t got =
                check(::pread(file.get(), buffer, room, position), "read", "the blob");
            if (got == 0) throw Error("its file is shorter than it was");
            return static_cast<size_t>(got);
          }};
}

}  // namespace gocker
