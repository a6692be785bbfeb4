#include "runtime/cli/criu_options.h"

#include <sched.h>

namespace gocker::cli {
namespace {

CriuCgroups cgroup_mode(const std::string& mode) {
  if (mode.empty() || mode == "soft") return CriuCgroups::soft;
  if (mode == "full") return CriuCgroups::full;
  if (mode == "strict") return CriuCgroups::strict;
  if (mode == "ignore") return CriuCgroups::ignore;
  throw UsageError("--manage-cgroups-mode: \"" + mode + "\" is none of soft, full, strict, ignore");
}

uint32_t empty_namespaces(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name != "network") {
      throw UsageError("--empty-ns: \"" + name + "\": CRIU can leave out \"network\" only");
    }
  }
  return names.empty() ? 0 : CLONE_NEWNET;
}

}  // namespace

CriuPlaces criu_places(const Global& global, const Arguments& arguments) {
  return {.criu = global.criu,
          .images = arguments.value("image-path", "checkpoint"),
          .work = arguments.value("work-path")};
}

CriuOptions criu_options(const Arguments& arguments) {
  CriuOptions options;
  options.tcp_established = arguments.has("tcp-established");
  options.ext_unix_sk = arguments.has("ext-unix-sk");
  options.shell_job = arguments.has("shell-job");
  options.file_locks = arguments.has("file-locks");
  options.lazy_pages = arguments.has("lazy-pages");
  options.auto_dedup = arguments.has("auto-dedup");
  options.cgroups = cgroup_mode(arguments.value("manage-cgroups-mode"));
  options.empty_namespaces = empty_namespaces(arguments.values("empty-ns"));
  return options;
}

}  // namespace gocker::cli
