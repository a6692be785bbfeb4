#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/store/check.h"
#include "imagetool/store/workspace.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"repair", 0, "", "take damaged blobs away, so that the next pull fetches them again"},
};

std::string counted(size_t count, std::string_view what) {
  return std::to_string(count).append(" ").append(what).append(count == 1 ? "" : "s");
}

void run(const Global& global, const Arguments& arguments) {
  const Store store(global.root);
  remove_leftovers(store);
  const StoreCheck found = check_store(store);
  for (const std::string& problem : found.problems) print(problem + "\n");
  if (arguments.has("repair")) remove_damaged(store, found);
  const std::string all = counted(found.images, "image") + ", " + counted(found.blobs, "blob") +
                          ", " + counted(found.layers, "unpacked layer");
  if (found.problems.empty()) return print("the store is sound: " + all + "\n");
  throw Error("fsck: " + counted(found.problems.size(), "problem") + " in " + all);
}

}  // namespace

const Command kFsck = {
    "fsck",
    "",
    "check that every blob is what its digest says and every image complete",
    "Prints a line for each problem; exit code 1 where there is one. Reads the whole store.\n",
    kOptions,
    0,
    0,
    run,
};

}  // namespace gocker::cli
