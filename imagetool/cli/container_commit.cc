#include <array>

#include "imagetool/build/commit.h"
#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/directory.h"
#include "imagetool/reference.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"author", 'a', "NAME", "who has made the image"},
    Option{"change", 'c', "INSTRUCTION",
           "of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR, ..."},
    Option{"message", 'm', "TEXT", "what was done, for gocker history"},
    Option{"no-pause", 0, "", "let the container go on while its files are read"},
};

CommitOptions commit_options(const Arguments& arguments) try {
  CommitOptions options;
  const Reference reference = parse_reference(arguments.positionals()[1]);
  if (!reference.digest.empty()) {
    throw UsageError("a digest cannot be chosen, only NAME[:TAG]");
  }
  options.name = reference.name();
  options.author = arguments.value("author");
  options.message = arguments.value("message");
  options.changes = arguments.values("change");
  if (arguments.has("no-pause")) options.pause = CommitOptions::Pause::no;
  return options;
} catch (const Error& error) {
  throw UsageError(error.what());
}

void commit(const Global& global, const Arguments& arguments) {
  const CommitOptions options = commit_options(arguments);
  const Places places = places_of(global);
  Notes notes;
  const std::string digest =
      commit_container(places, find_container(places, arguments.positionals()[0]), options, notes);
  for (const std::string& note : notes) print_error(note);
  print(digest + "\n");
}

}  // namespace

const Command kContainerCommit = {"container commit",
                                  "CONTAINER NAME[:TAG]",
                                  "make an image of a container's changes; prints its digest",
                                  "Its volumes and other mounts are not part of the image. "
                                  "CONTAINER may run: it is paused meanwhile.\n",
                                  kOptions,
                                  2,
                                  2,
                                  commit};

}  // namespace gocker::cli
