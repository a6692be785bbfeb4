#include <array>
#include <nlohmann/json.hpp>

#include "imagetool/cdi/cdi_devices.h"
#include "imagetool/cli/command.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"format", 0, "table|json", "a table for people (default), or JSON"},
    Option{"cdi-spec-dir", 0, "DIR", "where CDI files are (/etc/cdi and /var/run/cdi)"},
};

std::string to_table(const CdiDevices& devices) {
  std::vector<std::vector<std::string>> rows = {{"DEVICE", "FILE"}};
  for (const auto& [name, file] : devices.names()) rows.push_back({name, file});
  return table(rows);
}

std::string to_json(const CdiDevices& devices) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [name, file] : devices.names()) list.push_back({{"name", name}, {"file", file}});
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void list(const Global& /*global*/, const Arguments& arguments) {
  const Format format = table_or_json(arguments);
  std::vector<std::string> directories = arguments.values("cdi-spec-dir");
  if (directories.empty()) directories = default_cdi_directories();
  const CdiDevices devices(std::move(directories));
  print(format == Format::json ? to_json(devices) : to_table(devices));
  for (const DamagedCdiFile& file : devices.damaged()) {
    print_error("warning: a file cannot be used: " + file.problem);
  }
}

}  // namespace

const Command kCdiList = {
    "cdi list", "",   "list the devices that --device VENDOR/CLASS=NAME knows", "", kOptions, 0,
    0,          list,
};

}  // namespace gocker::cli
