#include <array>
#include <nlohmann/json.hpp>

#include "imagetool/build/container_changes.h"
#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/wanted_image.h"
#include "imagetool/containers/directory.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"format", 0, "table|json", "a line for each change (default), or JSON"},
};

std::string to_lines(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& change : changes) {
    text.append(1, static_cast<char>(change.kind)).append(" ").append(change.path).append("\n");
  }
  return text;
}

std::string to_json(const std::vector<Change>& changes) {
  nlohmann::ordered_json json;
  for (const char* name : {"added", "changed", "deleted"}) json[name] = nlohmann::json::array();
  for (const Change& change : changes) {
    const bool is_new = change.kind == ChangeKind::added;
    const bool is_gone = change.kind == ChangeKind::deleted;
    json[is_new ? "added" : is_gone ? "deleted" : "changed"].push_back(change.path);
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Image unpacked_image(const Store& store, const std::string& reference) {
  Image image = find_image(store, reference);
  unpack_missing(store, image);
  return image;
}

// A container, or where there is none of that name, an image.
std::vector<Change> changes_in(const Global& global, const std::string& object) {
  const Places places = places_of(global);
  std::string container;
  try {
    container = find_container(places, object);
  } catch (const Error& no_container) {
    const Store store(global.root);
    std::optional<Image> image;
    try {
      image = unpacked_image(store, object);
    } catch (const Error&) {
      throw no_container;
    }
    return last_layer_changes(store, *image);
  }
  return container_changes(places, container);
}

std::vector<Change> changes_between(const Global& global, const std::string& before,
                                    const std::string& after) {
  const Store store(global.root);
  return image_changes(store, unpacked_image(store, before), unpacked_image(store, after));
}

void run(const Global& global, const Arguments& arguments) {
  const Format format = table_or_json(arguments);
  const std::vector<std::string>& names = arguments.positionals();
  const std::vector<Change> changes = names.size() == 1
                                          ? changes_in(global, names[0])
                                          : changes_between(global, names[0], names[1]);
  print(format == Format::json ? to_json(changes) : to_lines(changes));
}

}  // namespace

const Command kDiff = {
    "diff",
    "CONTAINER|IMAGE [IMAGE]",
    "list the files that a container has changed, or that differ between two images",
    "Lines begin with A (added), C (changed) or D (deleted). Of one image: what its last layer "
    "changes.\nBetween images times do not count.\n",
    kOptions,
    1,
    2,
    run,
};

}  // namespace gocker::cli
