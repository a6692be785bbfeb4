// Tar archives made header by header, so that tests can say what no tar program would.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gocker::tests {

struct RawEntry {
  std::string name;
  char type = '0';  // as in ustar: '0' file, '1' hard link, '2' symlink, '5' directory, ...
  std::string content;
  std::string link;
  mode_t mode = 0644;
  uint64_t uid = 0;
  uint64_t gid = 0;
  int64_t mtime = 1;
  unsigned major = 0;
  unsigned minor = 0;
  std::vector<std::pair<std::string, std::string>> pax;  // an extended header before it
};

RawEntry file(std::string name, std::string content = "new", mode_t mode = 0644);
RawEntry directory(std::string name, mode_t mode = 0755);
RawEntry symlink(std::string name, std::string target);
RawEntry hardlink(std::string name, std::string target);
RawEntry device(std::string name, char type, unsigned major, unsigned minor);

// The 512 bytes of a ustar header with a right checksum; names of at most 100 bytes.
std::string raw_header(const RawEntry& entry, uint64_t size);
// An extended header: "LENGTH KEY=VALUE\n" for each record.
std::string pax_records(const std::vector<std::pair<std::string, std::string>>& records);
std::string raw_entry(const RawEntry& entry);
// All entries and the end mark of two empty blocks.
std::string raw_tar(const std::vector<RawEntry>& entries);

inline constexpr size_t kTarBlock = 512;
std::string padded(std::string content);

}  // namespace gocker::tests
