#include "imagetool/cli/limit_options.h"

#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

int64_t parse_count(const std::string& text) {
  const auto count = parse_i64(text);
  if (!count || *count < 1) throw Error("'" + text + "' is no number of 1 or more");
  return *count;
}

int64_t parse_size_or_any(const std::string& text) {
  return text == "-1" ? -1 : parse_memory(text);
}

int64_t parse_count_or_any(const std::string& text) {
  return text == "-1" ? -1 : parse_count(text);
}

// The option of the first of `names` that was given; they mean the same.
template <class Value, class Parse>
void read(const Arguments& arguments, std::initializer_list<std::string_view> names, Parse parse,
          std::optional<Value>& limit) {
  for (const std::string_view name : names) {
    if (!arguments.has(name)) continue;
    limit = static_cast<Value>(parse_option(name, arguments.value(name), parse));
    return;
  }
}

}  // namespace

Limits parse_limits(const Arguments& arguments) {
  Limits limits;
  read(arguments, {"memory", "mem"}, parse_memory, limits.memory);
  read(arguments, {"memory-swap"}, parse_size_or_any, limits.memory_swap);
  read(arguments, {"memory-reservation"}, parse_memory, limits.memory_reservation);
  read(arguments, {"cpus"}, parse_cpus, limits.cpu_quota);
  if (limits.cpu_quota) {
    if (arguments.has("cpu-quota") || arguments.has("cpu-period")) {
      throw UsageError("--cpus excludes --cpu-quota and --cpu-period");
    }
    limits.cpu_period = kCpuPeriod;
  }
  read(arguments, {"cpu-quota"}, parse_count_or_any, limits.cpu_quota);
  read(arguments, {"cpu-period"}, parse_count, limits.cpu_period);
  read(arguments, {"cpu-shares"}, parse_count, limits.cpu_shares);
  limits.cpuset_cpus = arguments.value("cpuset-cpus");
  limits.cpuset_mems = arguments.value("cpuset-mems");
  read(arguments, {"pids", "pids-limit"}, parse_count_or_any, limits.pids);
  return limits;
}

}  // namespace gocker::cli
