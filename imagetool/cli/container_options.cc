#include "imagetool/cli/container_options.h"

#include <cstdlib>

#include "imagetool/containers/directory.h"
#include "imagetool/platform.h"
#include "runtime/base/error.h"
#include "runtime/base/signals.h"
#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

constexpr uint64_t kMostSeconds = 1'000'000'000;

std::string default_network() {
  const char* name = std::getenv("GOCKER_NETWORK");
  return name != nullptr && *name != '\0' ? name : "bridge";
}

NetworkWish network_wish(const Arguments& arguments) {
  NetworkWish wish;
  wish.names = network_names(arguments);
  if (wish.names.empty()) wish.names = {default_network()};
  wish.aliases = arguments.values("network-alias");
  wish.address = arguments.value("ip");
  wish.ports = arguments.values("publish");
  wish.dns_servers = arguments.values("dns");
  wish.dns_search = arguments.values("dns-search");
  wish.dns_options = arguments.values("dns-option");
  wish.hosts = arguments.values("add-host");
  const bool has_namespace = wish.has_namespace();
  if (!has_namespace && (!wish.ports.empty() || arguments.has("publish-all"))) {
    throw UsageError("--publish: the network " + wish.names[0] + " has no ports to publish");
  }
  for (const std::string& name : wish.names) {
    if (wish.names.size() > 1 && (name == "none" || name == "host")) {
      throw UsageError("--network: " + name + " goes with no other network");
    }
  }
  return wish;
}

uint64_t parse_log_size(const Arguments& arguments) {
  uint64_t size = 0;
  for (const std::string& text : arguments.values("log-opt")) {
    const auto [name, value] = parse_pair(text);
    if (name != "max-size") throw Error("--log-opt: there is only max-size=SIZE");
    size = static_cast<uint64_t>(parse_memory(value));
  }
  return size;
}

void set_end(const Arguments& arguments, ContainerRecord& record) {
  record.restart = parse_restart_policy(arguments.value("restart"));
  if (record.remove && record.restart.when != RestartPolicy::When::never) {
    throw UsageError("--rm and --restart exclude each other");
  }
  record.stop_signal = arguments.value("stop-signal");
  if (!record.stop_signal.empty()) parse_signal(record.stop_signal);
  if (arguments.has("stop-timeout")) {
    const std::string text = arguments.value("stop-timeout");
    const auto seconds = parse_u64(text, kMostSeconds);
    if (!seconds) throw UsageError("--stop-timeout: '" + text + "' is no number of seconds");
    record.stop_timeout = *seconds;
  }
}

}  // namespace

ContainerWish parse_container_options(const Arguments& arguments, std::string image,
                                      std::vector<std::string> command) try {
  ContainerWish wish;
  wish.image = std::move(image);
  wish.run = parse_run_options(arguments, std::move(command));
  wish.pull = parse_pull_policy(arguments.value("pull", "missing"));
  if (arguments.has("platform")) {
    wish.pull_options.platform = parse_platform(arguments.value("platform"));
  }
  wish.id_file = arguments.value("cidfile");
  wish.publish_all = arguments.has("publish-all");
  ContainerRecord& record = wish.record;
  record.image = wish.image;
  record.name = arguments.value("name");
  if (arguments.has("name")) check_container_name(record.name);
  record.labels = wish.run.annotations;
  record.terminal = arguments.has("tty");
  record.interactive = arguments.has("interactive");
  // A terminal is there for the next who attaches; who detaches by keys leaves it open.
  record.stdin_once = record.interactive && !record.terminal;
  record.remove = arguments.has("rm");
  record.network = network_wish(arguments);
  record.log_size = parse_log_size(arguments);
  set_end(arguments, record);
  return wish;
} catch (const Error& error) {
  throw UsageError(error.what());
}

}  // namespace gocker::cli
