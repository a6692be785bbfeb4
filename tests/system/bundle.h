// Bundles: a directory with config.json and a rootfs that holds nothing but `inside`.
#pragma once

#include <string>
#include <vector>

#include "tests/system/value.h"

namespace gocker::test {

class Bundle {
 public:
  // Makes `directory` with rootfs/{dev,etc,proc,run,sys,tmp} and rootfs/inside in it.
  explicit Bundle(std::string directory);

  const std::string& path() const { return directory_; }
  std::string rootfs(const std::string& below = "") const { return directory_ + "/rootfs" + below; }

  // Starts as default_config(); written by write_config().
  Value config;
  void write_config() const;

  // Sets process.args to /inside and the words.
  void set_command(const std::vector<std::string>& words);
  // Adds an entry to mounts.
  void add_mount(const std::string& destination, const std::string& type, const std::string& source,
                 const std::vector<std::string>& options);
  // Adds a namespace, or changes the one of that type; an empty path means a new one.
  void set_namespace(const std::string& type, const std::string& path = "");
  void remove_namespace(const std::string& type);
  // A user namespace whose ids 0 to 65535 are those from 100000 on outside; the rootfs is given to
  // its root.
  void use_user_namespace();

 private:
  std::string directory_;
};

inline constexpr int kFirstMappedId = 100000;

// New pid, network, ipc, uts and mount namespaces; /proc, a tmpfs with devpts at /dev, a read-only
// /sys; no terminal, root with Docker's capabilities, no new privileges, no device but the default
// ones.
Value default_config();

// The program that is put into the rootfs, on the host.
std::string inside_program();

}  // namespace gocker::test
