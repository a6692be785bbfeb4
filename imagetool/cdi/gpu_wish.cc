#include "imagetool/cdi/gpu_wish.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kMostGpus = 4096;

std::string_view without_quotes(std::string_view text) {
  const bool is_quoted = text.size() > 1 && text.front() == '"' && text.back() == '"';
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

[[noreturn]] void refuse_gpus(std::string_view text) {
  throw Error("'" + std::string(text) +
              "' is neither all, a number of 1 or more, nor device=NAME,NAME...");
}

// `devices_go_on`: a word without '=' after device=0 is one more device.
void read_gpu_field(std::string_view field, std::string_view text, GpuWish& wish,
                    bool& devices_go_on) {
  const size_t equals = field.find('=');
  const std::string_view name = field.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? field : field.substr(equals + 1);
  if (equals == std::string_view::npos && devices_go_on) {
    wish.devices.emplace_back(value);
    return;
  }
  devices_go_on = name == "device" && equals != std::string_view::npos;
  if (devices_go_on) {
    wish.devices.emplace_back(value);
  } else if (field == "all" || field == "count=all" || field == "count=-1") {
    wish.all = true;
  } else if (equals == std::string_view::npos || name == "count") {
    wish.count = parse_u64(value, kMostGpus);
    if (!wish.count || *wish.count == 0) refuse_gpus(text);
  } else if (name != "driver" && name != "capabilities") {  // CDI files know these themselves
    refuse_gpus(text);
  }
}

}  // namespace

GpuWish parse_gpu_wish(std::string_view text) {
  GpuWish wish;
  bool devices_go_on = false;
  for (const std::string_view field : split(without_quotes(text), ',')) {
    if (field.empty()) refuse_gpus(text);
    read_gpu_field(field, text, wish, devices_go_on);
  }
  if (wish.all + wish.count.has_value() + !wish.devices.empty() != 1) refuse_gpus(text);
  return wish;
}

}  // namespace gocker
