#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/directory.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

struct PublishedPort {
  std::string inside;   // "80/tcp"
  std::string outside;  // "0.0.0.0:8080"
};

std::vector<PublishedPort> published_ports(const ContainerRecord& record) {
  constexpr std::string_view kArrow = "->";
  std::vector<PublishedPort> ports;
  for (const std::string& text : record.ports) {
    const size_t arrow = text.find(kArrow);
    if (arrow == std::string::npos) continue;
    ports.push_back({text.substr(arrow + kArrow.size()), text.substr(0, arrow)});
  }
  return ports;
}

void port(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  const auto& words = arguments.positionals();
  const ContainerRecord record = load_record(places, find_container(places, words[0]));
  require_running(places, record);
  std::string wanted = words.size() > 1 ? words[1] : "";
  if (!wanted.empty() && wanted.find('/') == std::string::npos) wanted += "/tcp";
  std::string text;
  for (const auto& [inside, outside] : published_ports(record)) {
    if (!wanted.empty() && wanted != inside) continue;
    if (wanted.empty()) text.append(inside).append(" -> ");
    text.append(outside).append("\n");
  }
  if (text.empty() && !wanted.empty()) {
    throw Error("container " + spoken_name(record) + " has no port " + wanted + " published");
  }
  print(text);
}

}  // namespace

const Command kContainerPort = {
    "container port",
    "CONTAINER [PORT[/tcp|/udp]]",
    "tell which ports of the host lead to a running container's",
    "",
    {},
    1,
    2,
    port,
};

}  // namespace gocker::cli
