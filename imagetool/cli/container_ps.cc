#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/template.h"
#include "imagetool/containers/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kPsOptions = {
    Option{"all", 'a', "", "also those that do not run"},
    Option{"quiet", 'q', "", "only the ids"},
    Option{"filter", 'f', "KEY=VALUE",
           "id, name, status, label, ancestor, exited, network, volume"},
    Option{"format", 0, "table|json|TEMPLATE",
           "a table for people, JSON, or such as '{{.ID}} {{.Names}}'"},
    Option{"last", 'n', "N", "the N newest, whatever their state"},
    Option{"latest", 'l', "", "the newest"},
    Option{"no-trunc", 0, "", "commands in full"},
};
constexpr size_t kCommandWidth = 30;

std::string command_of(const ContainerRecord& record, bool in_full) {
  std::string text = join(record.command, " ");
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  if (!in_full && text.size() > kCommandWidth) text = text.substr(0, kCommandWidth - 3) + "...";
  return text;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string to_table(const std::vector<ListedContainer>& list, bool in_full) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAME"}};
  const int64_t now = std::time(nullptr);
  for (const ListedContainer& container : list) {
    const ContainerRecord& record = container.record;
    const std::string ports = container.is_alive() ? join(record.ports, ", ") : "";
    rows.push_back({record.id, or_dash(record.image), or_dash(command_of(record, in_full)),
                    describe_age(record.created, now) + " ago", describe_status(container, now),
                    or_dash(ports), or_dash(record.name)});
  }
  return table(rows);
}

std::vector<ListedContainer> wanted(const Places& places, const Arguments& arguments) {
  std::vector<ListedContainer> list = list_containers(places);
  const std::vector<std::string> filters = arguments.values("filter");
  const bool names_status = std::any_of(filters.begin(), filters.end(), [](const auto& filter) {
    return filter.starts_with("status=") || filter.starts_with("exited=");
  });
  const bool all = arguments.has("all") || arguments.has("last") || arguments.has("latest");
  std::erase_if(list, [&](const ListedContainer& container) {
    if (!all && !names_status && !container.is_alive()) return true;
    return !std::all_of(filters.begin(), filters.end(),
                        [&](const auto& filter) { return matches(container, filter); });
  });
  size_t most = list.size();
  if (arguments.has("latest")) most = 1;
  if (arguments.has("last")) {
    const auto count = parse_u64(arguments.value("last"));
    if (!count) throw UsageError("--last: '" + arguments.value("last") + "' is no number");
    most = *count;
  }
  if (list.size() > most) list.erase(list.begin() + static_cast<std::ptrdiff_t>(most), list.end());
  return list;
}

void ps(const Global& global, const Arguments& arguments) {
  const bool has_template = is_template(arguments);
  const Format format = has_template ? Format::table : table_or_json(arguments);
  const Places places = places_of(global);
  const std::vector<ListedContainer> list = wanted(places, arguments);
  if (has_template) {
    return print(fill_rows(arguments.value("format"), to_rows(list, std::time(nullptr))));
  }
  if (format == Format::json) return print(list_to_json(list));
  if (!arguments.has("quiet")) return print(to_table(list, arguments.has("no-trunc")));
  std::string text;
  for (const ListedContainer& container : list) text += container.record.id + "\n";
  print(text);
}

}  // namespace

const Command kContainerPs = {"container ps", "", "list containers", "", kPsOptions, 0, 0, ps};

}  // namespace gocker::cli
