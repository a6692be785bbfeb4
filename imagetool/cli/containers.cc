#include "imagetool/cli/containers.h"

#include "imagetool/cli/output.h"
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
  bool failed = false;
  for (const std::string& name : names) {
    try {
      action(find_container(places, name));
      print(name + "\n");
    } catch (const std::exception& error) {
      print_error(error.what());
      failed = true;
    }
  }
  if (failed) throw ExitCode{1};
}

void end_like(const ContainerRecord& record, const EndWatch& end) {
  const auto code = end.wait().exit_code;
  if (code) throw ExitCode{*code};
  throw Error("container " + record.id + " has lost its conmon: exit code unknown");
}

}  // namespace gocker::cli
