#include <fcntl.h>

#include <algorithm>
#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/container_options.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/attach.h"
#include "imagetool/containers/create.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/program_error.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/start.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kCreateOptions = join_tables(
    std::array{Option{"image", 0, "IMAGE", "the image, in place of the first argument"}},
    kContainerOptions);
constexpr std::array kRunOptionsOfContainers = join_tables(
    std::array{
        Option{"detach", 'd', "", "return as soon as the program runs, and print the id"},
        Option{"detach-keys", 0, "KEYS", "what leaves it running (ctrl-p,ctrl-q)"},
    },
    kContainerOptions);

// A file that is there is another container's.
void write_id_file(const std::string& file, const std::string& id) {
  if (file.empty()) return;
  const Doing doing("write --cidfile");
  write_all(open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0644), id + "\n", file);
}

void publish_all(const Image& image, ContainerRecord& record) {
  for (const std::string& port : image.config.config.exposed_ports) {
    record.network.ports.push_back(port);
  }
}

CreatedContainer make(const Places& places, ContainerWish wish) {
  const Store store(places.root);
  const Image image = wanted_image(store, wish.image, wish.pull, wish.pull_options);
  if (wish.publish_all) publish_all(image, wish.record);
  CreatedContainer created =
      create_container(places, store, image, std::move(wish.record), std::move(wish.run));
  for (const std::string& note : created.notes) print_error("warning: " + note);
  try {
    write_id_file(wish.id_file, created.record.id);
  } catch (...) {
    remove_container(places, created.record.id);
    throw;
  }
  return created;
}

void create(const Global& global, const Arguments& arguments) {
  std::vector<std::string> words = arguments.positionals();
  std::string image = arguments.value("image");
  if (image.empty()) {
    if (words.empty()) throw UsageError("which image?");
    image = words.front();
    words.erase(words.begin());
  }
  ContainerWish wish = parse_container_options(arguments, image, std::move(words));
  const Places places = places_of(global);
  CreatedContainer created = make(places, std::move(wish));
  try {
    write_record(places, created.record);
  } catch (...) {
    remove_container(places, created.record.id);
    throw;
  }
  created.transition.finish();
  print(created.record.id + "\n");
}

// --- run ---------------------------------------------------------------------------------------

// Starts it; one that cannot be started goes.
void start(const Places& places, ContainerRecord& record,
           const std::function<void()>& on_created = {}) {
  try {
    write_record(places, record);
    start_container(places, record, on_created);
  } catch (...) {
    remove_container(places, record.id);
    throw;
  }
}

void run_attached(const Places& places, CreatedContainer created, const std::string& keys) {
  ContainerRecord& record = created.record;
  std::optional<AttachedClient> client;
  start(places, record, [&] { client.emplace(places, record); });
  const EndWatch end(places, record.id);
  created.transition.finish();
  const auto outcome = client->serve({.input = record.interactive, .detach_keys = keys});
  if (outcome == AttachedClient::Outcome::detached) return;
  end_like(record, end);
}

void run(const Global& global, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positionals();
  if (words.empty()) throw UsageError("which image?");
  check_terminal(arguments);
  const std::string keys = parse_detach_keys(arguments.value("detach-keys", kDefaultDetachKeys));
  ContainerWish wish =
      parse_container_options(arguments, words[0], {words.begin() + 1, words.end()});
  wish.run.ephemeral = wish.record.remove;
  const Places places = places_of(global);
  CreatedContainer created = make(places, std::move(wish));
  ContainerRecord& record = created.record;
  if (arguments.has("detach")) {
    record.stdin_once = false;  // nobody is attached yet: whoever comes and goes
    start(places, record);
    created.transition.finish();
    return print(record.id + "\n");
  }
  if (!record.remove) return run_attached(places, std::move(created), keys);
  throw ExitCode{run_in_foreground(places, record, std::move(created.transition))};
}

}  // namespace

const Command kContainerCreate = {
    .name = "container create",
    .arguments = "IMAGE [COMMAND [ARGUMENT]...]",
    .summary = "make a container that can be started; prints its id",
    .notes = "",
    .options = kCreateOptions,
    .least = 0,
    .most = kAnyNumber,
    .run = create,
    .stop = StopAt::first_positional,
    .failure_code = 1,
};

const Command kContainerRun = {
    .name = "container run",
    .arguments = "IMAGE [COMMAND [ARGUMENT]...]",
    .summary = "make a container, start it, and wait for its end",
    .notes =
        "Ends with the exit code of the container's program (128 + N where signal N ended it), or "
        "with\n127 where there is no such program, 126 where it cannot be executed, and 125 where "
        "the\ncontainer did not come to be for another reason.\n",
    .options = kRunOptionsOfContainers,
    .least = 0,
    .most = kAnyNumber,
    .run = run,
    .stop = StopAt::first_positional,
    .failure_code = kNotRun,
};

}  // namespace gocker::cli
