#include "imagetool/network/pasta.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>
#include <chrono>

#include "imagetool/network/network_namespace.h"
#include "imagetool/network/networks.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr char kProgram[] = "/usr/bin/pasta";
// pasta answers there for the host's name server, even one on the host's loopback device.
constexpr uint32_t kNameServer = 0xA9FE0101;  // 169.254.1.1
constexpr std::chrono::seconds kTimeout(30);

std::string pid_file(const NetworkPlaces& places, const std::string& id) {
  return places.state() + "/" + id + ".pasta";
}

void check_request(const ConnectRequest& request) {
  if (request.networks.size() > 1) {
    throw Error("networks " + request.networks[0].network + " and " + request.networks[1].network +
                ": without root a container has one");
  }
  for (const NetworkJoin& join : request.networks) {
    if (join.network != kDefaultNetwork && join.network != "default") {
      throw Error("network " + join.network + ": without root there are only none, host and " +
                  std::string(kDefaultNetwork));
    }
    if (join.address) throw Error("--ip: without root a container has the host's addresses");
  }
}

// "127.0.0.1/8080:80"
std::string port_spec(const PublishedPort& port) {
  const std::string address = port.host_ip == 0 ? "" : ipv4_text(port.host_ip) + "/";
  return address + std::to_string(port.host_port) + ":" + std::to_string(port.container_port);
}

void add_ports(std::vector<std::string>& args, const std::vector<PublishedPort>& ports,
               Protocol protocol, const char* option) {
  bool any = false;
  for (const PublishedPort& port : ports) {
    if (port.protocol != protocol) continue;
    args.insert(args.end(), {option, port_spec(port)});
    any = true;
  }
  if (!any) args.insert(args.end(), {option, "none"});
}

std::vector<std::string> arguments(const NetworkPlaces& places, const Attachment& attachment) {
  std::vector<std::string> args = {"pasta",         "--config-net",
                                   "--no-map-gw",  // the host's loopback device stays the host's
                                   "--dns-forward", ipv4_text(kNameServer),
                                   "--pid",         pid_file(places, attachment.container_id)};
  add_ports(args, attachment.ports, Protocol::tcp, "-t");
  add_ports(args, attachment.ports, Protocol::udp, "-u");
  // Nothing that listens on the host's loopback device is reached from inside.
  args.insert(args.end(), {"-T", "none", "-U", "none", "--netns",
                           places.network_namespace(attachment.container_id)});
  return args;
}

std::string last_line(std::string_view text) {
  text = trim(text);
  const size_t end = text.rfind('\n');
  return std::string(end == std::string_view::npos ? text : text.substr(end + 1));
}

void start_pasta(const NetworkPlaces& places, const Attachment& attachment) {
  const Doing doing("start pasta");
  if (!open_if_exists(kProgram, O_PATH)) {
    throw Error("it is not installed: install the package passt, or use --network none or host");
  }
  const CommandResult result = run_command({.path = kProgram,
                                            .args = arguments(places, attachment),
                                            .env = {"PATH=/usr/bin:/bin"},
                                            .timeout = kTimeout});
  if (result.timed_out) throw Error("it does not get ready");
  if (result.wait_status != 0) throw Error(last_line(result.errors));
}

// Another process may have got the number since.
bool is_pasta(pid_t pid) {
  const Fd file = open_if_exists("/proc/" + std::to_string(pid) + "/comm", O_RDONLY);
  return file && trim(read_all(file, "comm")).starts_with("pasta");
}

void stop_pasta(const NetworkPlaces& places, const std::string& id) {
  const Fd state = open_file(places.state(), O_RDONLY | O_DIRECTORY);
  const std::string name = id + ".pasta";
  const std::string text = read_if_exists_at(state, name).value_or("");
  const auto pid = static_cast<pid_t>(parse_i64(trim(text)).value_or(0));
  const Fd process(pid > 0 ? sys::pidfd_open(pid) : -1);
  if (process && is_pasta(pid)) sys::pidfd_send_signal(process.get(), SIGTERM);
  remove_tree_at(state, name);
}

}  // namespace

Connection connect_by_pasta(const NetworkPlaces& places, const ConnectRequest& request) {
  check_request(request);
  HeldPorts held = hold_ports(request.ports, ports_taken(attachments(places)));
  const Attachment attachment{request.container_id, request.container_name, {}, held.ports};
  write_attachment(places, attachment);
  try {
    make_network_namespace(places.network_namespace(request.container_id));
    held.sockets.clear();  // pasta binds them itself
    start_pasta(places, attachment);
  } catch (...) {
    disconnect_from_pasta(places, request.container_id);
    throw;
  }
  return {.network_namespace = places.network_namespace(request.container_id),
          .interfaces = {},
          .ports = std::move(held.ports),
          .name_servers = {kNameServer},
          .port_sockets = {}};
}

void disconnect_from_pasta(const NetworkPlaces& places, const std::string& container_id) {
  stop_pasta(places, container_id);
  remove_network_namespace(places.network_namespace(container_id));
  remove_attachment(places, container_id);
}

}  // namespace gocker
