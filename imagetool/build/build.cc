#include "imagetool/build/build.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "imagetool/build/dockerfile.h"
#include "imagetool/build/run_area.h"
#include "imagetool/build/run_mount.h"
#include "imagetool/build/stage_builder.h"
#include "imagetool/platform.h"
#include "imagetool/store/new_image.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kUnnamed = "localhost/unnamed";

// --- what is read ------------------------------------------------------------------------------

struct DockerfileText {
  std::string name;  // in messages
  std::string text;
};

std::string path_in(const std::string& directory, const std::string& name) {
  return directory == "." ? name : directory + (directory.ends_with('/') ? "" : "/") + name;
}

DockerfileText read_dockerfile(const BuildOptions& options) {
  if (options.dockerfile == "-") {
    return {"<stdin>", read_all(Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)), "standard input")};
  }
  if (!options.dockerfile.empty()) return {options.dockerfile, read_file(options.dockerfile)};
  for (const char* name : {"Dockerfile", "Containerfile"}) {
    const std::string path = path_in(options.context, name);
    if (open_if_exists(path, O_PATH)) return {path, read_file(path)};
  }
  throw Error("there is no Dockerfile in " + options.context + " (-f names another file)", ENOENT);
}

// DOCKERFILE.dockerignore beside the Dockerfile goes before the context's own.
IgnoreRules read_ignore_rules(const BuildOptions& options, const DockerfileText& dockerfile) {
  for (const std::string& path :
       {dockerfile.name + ".dockerignore", path_in(options.context, ".dockerignore"),
        path_in(options.context, ".containerignore")}) {
    if (open_if_exists(path, O_PATH)) return {read_file(path), path};
  }
  return {};
}

// --- stages ------------------------------------------------------------------------------------

class Build {
 public:
  Build(const Store& store, const BuildOptions& options, const Dockerfile& dockerfile,
        const SourceTree& context)
      : options_(options),
        dockerfile_(dockerfile),
        stages_(split_stages(dockerfile)),
        platform_(options.platform.value_or(host_platform())),
        keeper_(store),
        arguments_(options.arguments, platform_, host_platform()),
        images_(keeper_, options),
        output_(options.verbosity),
        shared_{options,    dockerfile, stages_, context, keeper_,
                arguments_, images_,    output_, {},      {}} {
    shared_.built.resize(stages_.list.size());
  }

  std::string run() {
    declare_global_arguments();
    const size_t target = find_target();
    const std::vector<bool> needed = needed_stages(target);
    count_steps(needed);
    for (size_t i = 0; i <= target; ++i) {
      if (needed[i]) build_stage(i);
    }
    warn_of_unused_arguments();
    return name_image(*shared_.built[target]);
  }

 private:
  Lookup global_lookup() const {
    return [this](std::string_view name) { return arguments_.global(name); };
  }

  void declare_global_arguments() {
    for (const Instruction& instruction : stages_.arguments) {
      const std::string place = place_in(dockerfile_.name, instruction.line, "ARG");
      const Doing doing(place.c_str());
      for (const std::string& word : instruction.arguments) {
        const size_t equals = word.find('=');
        std::optional<std::string> fallback;
        if (equals != std::string::npos) {
          fallback = expand(word.substr(equals + 1), dockerfile_.escape, global_lookup());
        }
        arguments_.declare_global(word.substr(0, equals), fallback);
      }
    }
  }

  size_t find_target() const {
    if (options_.target.empty()) return stages_.list.size() - 1;
    const auto found = stages_.find(options_.target, stages_.list.size());
    if (found) return *found;
    std::vector<std::string_view> names;
    for (const Stage& stage : stages_.list) names.push_back(stage.name);
    const std::string_view meant = nearest(options_.target, names);
    throw Error("--target: there is no stage '" + options_.target + "' in " + dockerfile_.name +
                (meant.empty() ? "" : " (did you mean " + std::string(meant) + "?)"));
  }

  std::string base_of(size_t stage) const {
    const Instruction& from = *stages_.list[stage].from;
    std::string base = expand(from.arguments.front(), dockerfile_.escape, global_lookup());
    if (base.empty()) {
      throw Error(place_in(dockerfile_.name, from.line, "FROM") + ": '" + from.arguments.front() +
                  "' is empty: an ARG before the first FROM, or --build-arg, gives it a value");
    }
    return base;
  }

  // The stages and images that it takes files from.
  std::vector<std::string> sources_of(const Instruction& instruction) const {
    if (const std::string* from = instruction.flag("from")) return {*from};
    const std::string place = place_in(dockerfile_.name, instruction.line, instruction.keyword);
    const Doing doing(place.c_str());
    return sources_of_mounts(instruction);
  }

  std::vector<bool> needed_stages(size_t target) const {
    std::vector<bool> needed(stages_.list.size());
    needed[target] = true;
    for (size_t i = target + 1; i-- > 0;) {
      if (!needed[i]) continue;
      if (const auto base = stages_.find(base_of(i), i)) needed[*base] = true;
      for (const Instruction& instruction : stages_.list[i].instructions) {
        for (const std::string& from : sources_of(instruction)) {
          if (const auto source = stages_.find(from, i)) needed[*source] = true;
        }
      }
    }
    return needed;
  }

  void count_steps(const std::vector<bool>& needed) {
    size_t steps = 0;
    for (size_t i = 0; i < needed.size(); ++i) {
      if (needed[i]) steps += 1 + stages_.list[i].instructions.size();
    }
    output_.set_total(steps);
  }

  void build_stage(size_t number) {
    const Stage& stage = stages_.list[number];
    StageBuilder builder(shared_, number, begin(number));
    builder.run_triggers();
    for (const Instruction& instruction : stage.instructions) builder.run(instruction);
    shared_.built[number] = builder.take();
  }

  StageState begin(size_t number) {
    const Instruction& from = *stages_.list[number].from;
    const std::string place = place_in(dockerfile_.name, from.line, "FROM");
    const Doing doing(place.c_str());
    const std::string base = base_of(number);
    output_.step(from.text);
    if (base == "scratch") return from_scratch();
    if (const auto stage = stages_.find(base, number)) return *shared_.built[*stage];
    std::optional<oci::Platform> platform = options_.platform;
    if (const std::string* text = from.flag("platform")) {
      platform = parse_platform(expand(*text, dockerfile_.escape, global_lookup()));
    }
    return from_image(images_.get(base, platform));
  }

  StageState from_scratch() const {
    StageState state;
    state.config.platform = platform_;
    return state;
  }

  static StageState from_image(const Image& image) {
    StageState state;
    state.layers = image.layers;
    state.config = image.config;
    state.created = image.config.created;
    return state;
  }

  void warn_of_unused_arguments() {
    for (const std::string& name : arguments_.unused()) {
      output_.warn("--build-arg " + name + ": no ARG asks for it");
    }
  }

  // Without a name of its own it gets one by its digest: what has no name is removed by gc.
  std::string name_image(const StageState& stage) {
    oci::ImageConfig config = stage.config;
    config.created = stage.created.empty() ? rfc3339_now() : stage.created;
    for (const auto& [name, value] : options_.labels) config.config.labels[name] = value;
    const std::string first = options_.names.empty() ? "" : options_.names.front().name();
    ImageName name = put_image(keeper_, first, stage.layers, std::move(config));
    if (first.empty()) {
      name.reference = std::string(kUnnamed) + ":" + name.digest.substr(7, 12);
    }
    keeper_.commit(name);
    for (size_t i = 1; i < options_.names.size(); ++i) {
      name.reference = options_.names[i].name();
      const Fd locked = keeper_.store().lock(Store::Lock::exclusive);
      set_image_name(keeper_.store(), name);
    }
    return name.digest;
  }

  const BuildOptions& options_;
  const Dockerfile& dockerfile_;
  Stages stages_;
  oci::Platform platform_;
  Transaction keeper_;
  BuildArguments arguments_;
  BaseImages images_;
  BuildOutput output_;
  BuildShared shared_;
};

}  // namespace

void enter_private_mounts() {
  const Doing doing("make a mount namespace");
  check(::unshare(CLONE_NEWNS), "unshare");
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount", "/");
}

std::string build_image(const Store& store, const BuildOptions& options) {
  const DockerfileText text = read_dockerfile(options);
  const Dockerfile dockerfile = parse_dockerfile(text.text, text.name);
  const SourceTree context(RootDir::open_host_path(options.context),
                           read_ignore_rules(options, text));
  const NoUmask no_umask;
  return Build(store, options, dockerfile, context).run();
}

}  // namespace gocker
