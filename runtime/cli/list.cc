// gocker-runtime list: the containers below the state root.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/cli/command.h"
#include "runtime/cli/output.h"
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

using Row = std::array<std::string, 6>;

std::string as_table(const std::vector<oci::StateReport>& list) {
  std::vector<Row> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const oci::StateReport& report : list) {
    const oci::State& state = report.state;
    rows.push_back({state.id, std::to_string(state.pid), std::string(oci::name_of(state.status)),
                    state.bundle, report.created, report.owner});
  }
  std::array<size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      text.append(row[i]).append(widths[i] + 2 - row[i].size(), ' ');
    }
    text.append(row.back()).append("\n");
  }
  return text;
}

int run(const Global& global, const Arguments& arguments) {
  const StateRoot root(global.state_root);
  if (arguments.has("quiet")) {
    std::string text;
    for (const std::string& id : root.ids()) text.append(id).append("\n");
    print(text);
    return 0;
  }
  const std::string format = arguments.value("format", "table");
  if (format != "table" && format != "json") {
    throw UsageError("--format: \"" + format + "\" is neither table nor json");
  }
  const std::vector<oci::StateReport> list = reports(root);
  print(format == "json" ? as_json(list) : as_table(list));
  return 0;
}

}  // namespace

constinit const Command kList{
    .name = "list", .summary = "list the containers", .options = kOptions, .run = run};

}  // namespace gocker::cli
