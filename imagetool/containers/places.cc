#include "imagetool/containers/places.h"

#include "runtime/base/file.h"

namespace gocker {
namespace {

std::string made(const std::string& path) {
  make_directories(path, 0700);
  return real_path(path);
}

}  // namespace

Places make_places(const std::string& root, const std::string& run, const std::string& runtime) {
  Places places{made(root), made(run), real_path(runtime), real_path("/proc/self/exe")};
  for (const std::string& path : {places.containers(), places.names(), places.transitions(),
                                  places.keepers(), places.monitors()}) {
    make_directories(path, 0700);
  }
  return places;
}

}  // namespace gocker
