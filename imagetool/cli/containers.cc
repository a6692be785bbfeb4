#include "imagetool/cli/containers.h"

#include <unistd.h>

#include "imagetool/cli/named_things.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/recovery.h"
#include "runtime/base/error.h"

namespace gocker::cli {

Places places_of(const Global& global) {
  Places places = make_places(global.root, global.run_root, global.runtime);
  recover(places);
  return places;
}

const std::string& spoken_name(const ContainerRecord& record) {
  return record.name.empty() ? record.id : record.name;
}

void for_each_container(const Places& places, const std::vector<std::string>& names,
                        const std::function<void(const std::string& id)>& action) {
  for_each_name(names, [&](const std::string& name) { action(find_container(places, name)); });
}

void check_terminal(const Arguments& arguments) {
  const bool needs_one = arguments.has("tty") && arguments.has("interactive");
  if (needs_one && !arguments.has("detach") && ::isatty(STDIN_FILENO) == 0) {
    throw UsageError("-t with -i needs a terminal as standard input; leave out -t");
  }
}

void end_like(const ContainerRecord& record, const EndWatch& end) {
  const auto code = end.wait().exit_code;
  if (code) throw ExitCode{*code};
  throw Error("container " + record.id + " has lost its conmon: exit code unknown");
}

}  // namespace gocker::cli
