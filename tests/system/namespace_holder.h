// A process that does nothing but keep namespaces alive, so that a container can join them by path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace gocker::test {

class NamespaceHolder {
 public:
  // `flags` are those of clone3 (CLONE_NEWNET). With CLONE_NEWUSER its ids 0 to 65535 are those
  // from kFirstMappedId on.
  explicit NamespaceHolder(uint64_t flags);
  NamespaceHolder(const NamespaceHolder&) = delete;
  NamespaceHolder& operator=(const NamespaceHolder&) = delete;
  ~NamespaceHolder();

  // "/proc/PID/ns/net"
  std::string path(const std::string& file) const;
  // "net:[4026531840]", as a report has it.
  std::string identity(const std::string& file) const;

 private:
  pid_t pid_;
};

// The identity of a namespace of the test itself.
std::string own_namespace(const std::string& file);
// Of any process.
std::string namespace_of(pid_t pid, const std::string& file);

}  // namespace gocker::test
