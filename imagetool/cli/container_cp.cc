#include <array>
#include <optional>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/copy.h"
#include "imagetool/containers/directory.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"archive", 'a', "", "keep the owners of files (else they are root's)"},
    Option{"follow-link", 'L', "", "of a source that is a symlink, copy what it leads to"},
    Option{"quiet", 'q', "", "say nothing (nothing is said)"},
};

struct ContainerPath {
  std::string container;
  std::string path;
};

// Nothing for a path of the host: what has no colon, or begins like a path.
std::optional<ContainerPath> container_path(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || text.starts_with('/') || text.starts_with('.')) {
    return std::nullopt;
  }
  ContainerPath path{text.substr(0, colon), text.substr(colon + 1)};
  if (path.container.empty() || path.path.empty()) {
    throw UsageError("'" + text + "' is not CONTAINER:PATH");
  }
  return path;
}

void copy(const Global& global, const Arguments& arguments) {
  const std::string& source = arguments.positionals()[0];
  const std::string& destination = arguments.positionals()[1];
  const auto from = container_path(source);
  const auto to = container_path(destination);
  if (from.has_value() == to.has_value()) {
    throw UsageError(from ? "from one container to another: copy to the host in between"
                          : "one of the two must be CONTAINER:PATH");
  }
  const CopyOptions options{.keep_owners = arguments.has("archive"),
                            .follow_links = arguments.has("follow-link")};
  const Places places = places_of(global);
  if (from) {
    const std::string id = find_container(places, from->container);
    copy_from_container(places, id, from->path, destination, options);
  } else {
    const std::string id = find_container(places, to->container);
    copy_to_container(places, id, source, to->path, options);
  }
}

}  // namespace

const Command kContainerCp = {
    "container cp",
    "CONTAINER:SOURCE DESTINATION | SOURCE CONTAINER:DESTINATION",
    "copy files between a container, running or not, and the host",
    "A directory is copied with all that is in it: below DESTINATION where that is a directory, "
    "else "
    "under\nits name; of SOURCE/. the content alone. DESTINATION as - writes a tar archive to "
    "standard "
    "output,\nSOURCE as - unpacks one from standard input into a directory. What is mounted in a "
    "container is seen\nonly while it runs.\n",
    kOptions,
    2,
    2,
    copy};

}  // namespace gocker::cli
