// The messages of `criu swrk`: protocol buffers (version 2) as criu's rpc.proto numbers them. Just
// what is needed of them, so that a static program carries no library for it. Pure: no system call.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gocker {

enum class CriuRequest : unsigned { dump = 1, restore = 2, pre_dump = 4 };

// criu_cg_mode
enum class CriuCgroups : unsigned { ignore = 0, soft = 3, full = 4, strict = 5 };

struct CriuOptions {
  // What the command line says.
  bool leave_running = false;
  bool tcp_established = false;
  bool tcp_close = false;
  bool ext_unix_sk = false;
  bool shell_job = false;
  bool file_locks = false;
  bool auto_dedup = false;
  bool lazy_pages = false;
  CriuCgroups cgroups = CriuCgroups::soft;
  uint32_t empty_namespaces = 0;  // CLONE_NEW*
  std::string page_server_address;
  uint16_t page_server_port = 0;  // 0: none
  int status_fd = -1;
  std::string parent_images;  // relative to the directory of the images
  std::string lsm_profile;
  std::string lsm_mount_context;

  // What the container is like. Descriptors are the caller's: CRIU opens them through /proc. Only
  // those of `inherited` are CRIU's own.
  int images = -1;
  int work = -1;
  std::string log_file;  // a name in `work`
  pid_t pid = 0;         // of the first process, where it is dumped
  bool track_memory = false;
  bool restore_as_sibling = false;  // the restored process is a child of CRIU's parent
  std::string root;                 // a mount point, where the container is restored
  std::string freezer;              // a control group; empty: each process is stopped by itself
  std::string config_file;
  std::vector<std::pair<std::string, std::string>> external_mounts;    // key, value
  std::vector<std::pair<std::string, std::string>> cgroup_roots;       // controller, path
  std::vector<std::pair<std::string, std::string>> joined_namespaces;  // "ipc", a path
  std::vector<std::pair<std::string, int>> inherited;  // CRIU's name of a file, the descriptor
  std::vector<std::string> external;                   // "net[4026531992]:name"
};

std::string encode(CriuRequest type, const CriuOptions& options);
// The answer to a notification; until then CRIU waits.
std::string encode_notification_answer(bool success);

struct CriuReply {
  bool is_notification = false;
  bool success = false;
  std::string script;  // of a notification: "setup-namespaces"
  pid_t pid = 0;       // of a notification or a restore: the first process
  int code = 0;        // errno of a failure, where there is one
  std::string message;
};
// Throws where the bytes are no such message.
CriuReply parse_criu_reply(std::string_view bytes);

}  // namespace gocker
