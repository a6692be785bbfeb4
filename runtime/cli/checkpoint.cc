// gocker-runtime checkpoint: saves a running container on disk, by CRIU.
#include <fcntl.h>

#include <array>
#include <limits>

#include "runtime/base/text.h"
#include "runtime/cli/criu_options.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    kImagePath,
    kWorkPath,
    Option{"parent-path", 0, "DIR", "the images of a pre-dump before, relative to the image path"},
    Option{"leave-running", 0, "", "don't stop and delete the container"},
    kTcpEstablished,
    kExtUnixSk,
    kShellJob,
    kLazyPages,
    Option{"status-fd", 0, "FD", "where a byte says that lazy pages are ready"},
    Option{"page-server", 0, "ADDRESS:PORT", "where the pages go instead of onto disk"},
    kFileLocks,
    Option{"pre-dump", 0, "", "memory only, as the parent of a dump; the container runs on"},
    kManageCgroups,
    kEmptyNamespace,
    kAutoDedup};

// "[::1]:9000", "host:9000"
void set_page_server(CriuOptions& options, const std::string& text) {
  if (text.empty()) return;
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt
                                               : parse_u64(std::string_view(text).substr(colon + 1),
                                                           std::numeric_limits<uint16_t>::max());
  if (colon == 0 || !port || *port == 0) {
    throw UsageError("--page-server: \"" + text + "\" is not ADDRESS:PORT");
  }
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  options.page_server_address = address;
  options.page_server_port = static_cast<uint16_t>(*port);
}

void set_status_fd(CriuOptions& options, const Arguments& arguments) {
  if (!arguments.has("status-fd")) return;
  const unsigned fd = arguments.number("status-fd");
  if (fd > std::numeric_limits<int>::max() || ::fcntl(static_cast<int>(fd), F_GETFD) < 0) {
    throw UsageError("--status-fd: descriptor " + std::to_string(fd) + " is not open");
  }
  options.status_fd = static_cast<int>(fd);
}

int run(const Global& global, const Arguments& arguments) {
  CriuOptions options = criu_options(arguments);
  options.leave_running = arguments.has("leave-running");
  options.parent_images = arguments.value("parent-path");
  if (options.parent_images.starts_with('/')) {
    throw UsageError("--parent-path: must be relative to the image path");
  }
  set_page_server(options, arguments.value("page-server"));
  set_status_fd(options, arguments);
  if (options.lazy_pages && options.page_server_port == 0) {
    throw UsageError("--lazy-pages: needs --page-server");
  }
  const CriuPlaces places = criu_places(global, arguments);
  Container container = Container::load(StateRoot(global.state_root), arguments.positionals().at(0),
                                        Locking::exclusive);
  if (arguments.has("pre-dump")) {
    pre_dump_container(container, places, std::move(options));
  } else {
    checkpoint_container(container, places, std::move(options));
  }
  return 0;
}

}  // namespace

constinit const Command kCheckpoint{.name = "checkpoint",
                                    .arguments = "ID",
                                    .summary = "save a running container on disk",
                                    .options = kOptions,
                                    .least = 1,
                                    .most = 1,
                                    .run = run};

}  // namespace gocker::cli
