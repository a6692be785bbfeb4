#include "imagetool/bundle/bundle.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "imagetool/cli/command.h"
#include "imagetool/layer/unpack.h"
#include "imagetool/pull/progress.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"flat", 0, "", "a plain directory as rootfs, not a mount; needs no store afterwards"},
    Option{"userns", 0, "auto[:size=N]|host", "a user namespace with ids that nobody else uses"},
    Option{"uidmap", 0, "CONTAINER:HOST:SIZE", "a user namespace with these user ids"},
    Option{"gidmap", 0, "CONTAINER:HOST:SIZE", "its group ids (default: as --uidmap)"},
    Option{"subuidname", 0, "NAME", "a user namespace with the ids that /etc/subuid gives NAME"},
    Option{"subgidname", 0, "NAME", "its group ids from /etc/subgid (default: as --subuidname)"},
    Option{"env", 'e', "NAME[=VALUE]", "set a variable; NAME alone takes the value it has here"},
    Option{"volume", 'v', "SRC:DST[:ro]", "mount a host's file or directory in the container"},
    Option{"workdir", 'w', "DIR", "the program's working directory"},
    Option{"user", 'u', "USER[:GROUP]", "names of the image, or numbers"},
    Option{"entrypoint", 0, "PROGRAM", "in place of the image's entrypoint; '' for none"},
    Option{"tty", 't', "", "give the program a terminal"},
    Option{"hostname", 0, "NAME", ""},
    Option{"net", 0, "none|host", "the network: a loopback device alone (default), or the host's"},
    Option{"memory", 'm', "SIZE", "limit: bytes, or with k, m, g"},
    Option{"cpus", 0, "N", "limit: processors' worth of time, such as 1.5"},
    Option{"pids", 0, "N", "limit: processes and threads"},
    Option{"read-only", 0, "", "the root file system cannot be written to"},
    Option{"annotation", 0, "NAME=VALUE", "an annotation in config.json"},
    Option{"cgroup", 0, "PATH", "the container's control group (linux.cgroupsPath)"},
};

std::map<std::string, std::string> annotations_of(const Arguments& arguments) {
  std::map<std::string, std::string> annotations;
  for (const std::string& text : arguments.values("annotation")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError("--annotation: '" + text + "' is not NAME=VALUE");
    }
    annotations[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return annotations;
}

int64_t parse_pids(const std::string& text) {
  const auto pids = parse_i64(text);
  if (!pids || *pids < 1) throw UsageError("--pids: '" + text + "' is no number of 1 or more");
  return *pids;
}

// The ids that a person names himself; those of --userns auto are chosen when the bundle is made.
IdMaps id_maps_of(const Arguments& arguments) {
  const bool is_subordinate = arguments.has("subuidname") || arguments.has("subgidname");
  IdMaps maps;
  for (const std::string& text : arguments.values("uidmap")) {
    maps.uids.push_back(parse_id_mapping(text));
  }
  for (const std::string& text : arguments.values("gidmap")) {
    maps.gids.push_back(parse_id_mapping(text));
  }
  const bool is_mapped = !maps.uids.empty() || !maps.gids.empty();
  if (is_mapped + is_subordinate + arguments.has("userns") > 1) {
    throw UsageError(
        "give one of --userns, --uidmap with --gidmap, --subuidname with --subgidname");
  }
  if (is_subordinate) {
    const std::string user = arguments.value("subuidname", arguments.value("subgidname"));
    return subordinate_id_maps(user, arguments.value("subgidname", user));
  }
  return is_mapped ? check_id_maps(std::move(maps)) : maps;
}

UserNamespaceOptions user_namespace_of(const Arguments& arguments) {
  UserNamespaceOptions options;
  options.maps = id_maps_of(arguments);
  if (arguments.has("userns")) return parse_user_namespace(arguments.value("userns"));
  if (!options.maps.empty()) options.kind = UserNamespaceOptions::Kind::given;
  return options;
}

RunOptions run_options(const Arguments& arguments) try {
  RunOptions options;
  const auto& positionals = arguments.positionals();
  options.command.assign(positionals.begin() + 2, positionals.end());
  if (arguments.has("entrypoint")) {
    const std::string program = arguments.value("entrypoint");
    options.entrypoint.emplace();
    if (!program.empty()) options.entrypoint->push_back(program);
  }
  options.env = arguments.values("env");
  options.working_dir = arguments.value("workdir");
  options.user = arguments.value("user");
  options.terminal = arguments.has("tty");
  options.hostname = arguments.value("hostname");
  if (arguments.has("net")) options.network = parse_network(arguments.value("net"));
  for (const std::string& text : arguments.values("volume")) {
    options.mounts.push_back(parse_bind_mount(text));
  }
  options.user_namespace = user_namespace_of(arguments);
  options.annotations = annotations_of(arguments);
  if (arguments.has("memory")) options.memory = parse_memory(arguments.value("memory"));
  if (arguments.has("cpus")) options.cpu_quota = parse_cpus(arguments.value("cpus"));
  if (arguments.has("pids")) options.pids = parse_pids(arguments.value("pids"));
  options.readonly = arguments.has("read-only");
  options.cgroups_path = arguments.value("cgroup");
  return options;
} catch (const Error& error) {
  throw UsageError(error.what());
}

// After `pull --no-unpack`, or where a layer was lost.
void unpack_missing(const Store& store, const Image& image) {
  const auto present = [&](const ImageLayer& layer) { return store.has_layer(layer.chain_id); };
  if (std::all_of(image.layers.begin(), image.layers.end(), present)) return;
  Progress progress(Progress::style_of_stderr());
  Transaction transaction(store);
  for (const std::string& note : unpack_layers(transaction, image)) progress.warn(note);
  transaction.commit();
}

void run(const Global& global, const Arguments& arguments) {
  const std::string& reference = arguments.positionals()[0];
  const std::string& directory = arguments.positionals()[1];
  const RunOptions options = run_options(arguments);
  const Doing doing("bundle", reference);
  const Store store(global.root);
  const Image image = find_image(store, reference);
  unpack_missing(store, image);
  make_bundle(store, image, directory,
              arguments.has("flat") ? BundleKind::flat : BundleKind::overlay, options);
}

}  // namespace

const Command kBundle = {
    "bundle",
    "REF DIR [-- COMMAND...]",
    "make a bundle of an image for gocker-runtime: DIR/config.json and DIR/rootfs",
    "DIR must be absent or empty. COMMAND takes the place of the image's own. DIR/rootfs is an\n"
    "overlay mount of the store's layers, which stay in the store as long as DIR is there;\n"
    "'gocker-image unbundle DIR' unmounts and removes it.\n",
    kOptions,
    2,
    kAnyNumber,
    run,
};

}  // namespace gocker::cli
