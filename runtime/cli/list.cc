// gocker-runtime list: the containers below the state root.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/command_line/output.h"
#include "runtime/container/container.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{Option{"format", 'f', "FORMAT", "table (default) or json"},
                              Option{"quiet", 'q', "", "ids only"}};

std::vector<oci::StateReport> reports(const StateRoot& root) {
  std::vector<oci::StateReport> list;
  for (const std::string& id : root.ids()) {
    // It may be deleted while we look.
    if (const auto container = Container::load_if_exists(root, id, Locking::none)) {
      list.push_back(container->report());
    }
  }
  return list;
}

std::string as_json(const std::vector<oci::StateReport>& list) {
  std::string text = "[";
  for (const oci::StateReport& report : list) {
    if (text.size() > 1) text += ",";
    text += oci::to_json(report);
  }
  return text + "]\n";
}

std::string as_table(const std::vector<oci::StateReport>& list) {
  std::vector<std::vector<std::string>> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const oci::StateReport& report : list) {
    const oci::State& state = report.state;
    rows.push_back({state.id, std::to_string(state.pid), std::string(oci::name_of(state.status)),
                    state.bundle, report.created, report.owner});
  }
  return table(rows);
}

int run(const Global& global, const Arguments& arguments) {
  const StateRoot root(global.state_root);
  if (arguments.has("quiet")) {
    std::string text;
    for (const std::string& id : root.ids()) text.append(id).append("\n");
    print(text);
    return 0;
  }
  const Format format = table_or_json(arguments);
  const std::vector<oci::StateReport> list = reports(root);
  print(format == Format::json ? as_json(list) : as_table(list));
  return 0;
}

}  // namespace

constinit const Command kList{
    .name = "list", .summary = "list the containers", .options = kOptions, .run = run};

}  // namespace gocker::cli
