#include "imagetool/build/build.h"

#include <array>
#include <cstdlib>
#include <optional>

#include "imagetool/cli/command.h"
#include "imagetool/platform.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"tag", 't', "NAME[:TAG]", "what the image is called; may be given several times"},
    Option{"file", 'f', "FILE", "the Dockerfile (default: DIR/Dockerfile or DIR/Containerfile)"},
    Option{"build-arg", 0, "NAME[=VALUE]", "the value of an ARG; NAME alone takes the one here"},
    Option{"secret", 0, "id=ID[,src=FILE|,env=NAME]",
           "what RUN --mount=type=secret,id=ID shows; in no layer"},
    Option{"target", 0, "STAGE", "stop after this stage"},
    Option{"label", 0, "NAME=VALUE", "a label of the image"},
    Option{"platform", 0, "OS/ARCH[/VARIANT]", "which images FROM takes"},
    Option{"network", 0, "none|host", "the network of RUN (default: host)"},
    Option{"pull", 0, "", "ask the registry for newer base images"},
    Option{"no-cache", 0, "", "do every step anew"},
    Option{"quiet", 'q', "", "nothing on stderr unless the build fails"},
    Option{"progress", 0, "auto|plain", "how progress is shown; both are a line a step"},
};

using Pair = std::pair<std::string, std::string>;

// "NAME=VALUE"; NAME alone where `option` lets the environment give the value.
Pair split_pair(const std::string& option, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || text.empty() || (equals == std::string::npos && option != "build-arg")) {
    throw UsageError("--" + option + ": '" + text + "' is not NAME=VALUE");
  }
  if (equals != std::string::npos) return {text.substr(0, equals), text.substr(equals + 1)};
  const char* value = std::getenv(text.c_str());
  return {text, value == nullptr ? "" : value};
}

struct Secret {
  std::string id;
  std::string content;
};

// The variable of that name where there is one, else the file.
Secret parse_secret(const std::string& text) {
  const Doing doing("read --secret", text);
  Secret secret;
  std::string file;
  std::string variable;
  for (const std::string_view field : split(text, ',')) {
    const auto [name, value] = parse_pair(field);
    if (name == "id") secret.id = value;
    if (name == "env") variable = value;
    if (name == "src" || name == "source") file = value;
    if (name != "id" && name != "env" && name != "src" && name != "source" && name != "type") {
      throw Error("unknown field '" + name + "' (id, src, env)");
    }
  }
  if (secret.id.empty()) throw Error("it has no id");
  const bool is_named = !file.empty() || !variable.empty();
  if (!is_named) variable = secret.id;
  const char* value = file.empty() ? std::getenv(variable.c_str()) : nullptr;
  if (value == nullptr && file.empty() && is_named) throw Error(variable + " is not set");
  secret.content = value != nullptr ? value : read_file(file.empty() ? secret.id : file);
  return secret;
}

BuildOptions build_options(const Global& global, const Arguments& arguments) try {
  BuildOptions options;
  options.dockerfile = arguments.value("file");
  for (const std::string& name : arguments.values("tag")) {
    options.names.push_back(parse_reference(name));
    if (!options.names.back().digest.empty()) {
      throw UsageError("--tag: '" + name + "': a digest cannot be chosen");
    }
  }
  for (const std::string& text : arguments.values("build-arg")) {
    options.arguments.insert_or_assign(split_pair("build-arg", text).first,
                                       split_pair("build-arg", text).second);
  }
  for (const std::string& text : arguments.values("secret")) {
    Secret secret = parse_secret(text);
    options.secrets.insert_or_assign(std::move(secret.id), std::move(secret.content));
  }
  for (const std::string& text : arguments.values("label")) {
    options.labels.push_back(split_pair("label", text));
  }
  options.target = arguments.value("target");
  if (arguments.has("platform")) options.platform = parse_platform(arguments.value("platform"));
  if (arguments.has("network")) options.network = parse_network(arguments.value("network"));
  if (arguments.has("pull")) options.pull = BuildOptions::Pull::always;
  if (arguments.has("no-cache")) options.cache = BuildOptions::Cache::ignore;
  if (arguments.has("quiet")) options.verbosity = BuildOptions::Verbosity::quiet;
  const std::string progress = arguments.value("progress", "auto");
  if (progress != "auto" && progress != "plain") {
    throw UsageError("--progress: '" + progress + "' is neither auto nor plain");
  }
  options.run_root = global.run_root;
  options.runtime = global.runtime;
  return options;
} catch (const Error& error) {
  throw UsageError(error.what());
}

void run(const Global& global, const Arguments& arguments) {
  BuildOptions options = build_options(global, arguments);
  std::optional<TempDir> nothing;
  options.context = arguments.positionals()[0];
  if (options.context == "-") {
    options.dockerfile = options.context;
    options.context = nothing.emplace().path();
  }
  const Doing doing("build");
  enter_private_mounts();
  const Store store(global.root);
  print(build_image(store, options) + "\n");
}

}  // namespace

const Command kBuild = {
    "build",
    "DIR",
    "build an image from the Dockerfile in a directory; prints its digest",
    "DIR is the context: where COPY and ADD find files, but for what DIR/.dockerignore leaves "
    "out.\n"
    "DIR as - reads the Dockerfile from standard input, with nothing to copy. Without --tag the\n"
    "image is called localhost/unnamed. docs/build.md has what each instruction does.\n",
    kOptions,
    1,
    1,
    run,
};

}  // namespace gocker::cli
