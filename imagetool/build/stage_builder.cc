#include "imagetool/build/stage_builder.h"

#include <fcntl.h>

#include <utility>

#include "imagetool/build/image_settings.h"
#include "imagetool/build/run_mount_area.h"
#include "imagetool/build/run_step.h"
#include "imagetool/build/step_key.h"
#include "imagetool/bundle/user_lookup.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/store/build_steps.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

LowerView view_below(const Store& store, const StageState& state) {
  return {store.open_layers(state.chain_ids()), store.overlay_attributes()};
}

NetworkMode network_of(const Instruction& instruction, NetworkMode otherwise) {
  const std::string* network = instruction.flag("network");
  return network == nullptr || *network == "default" ? otherwise : parse_network(*network);
}

// "RUN <<EOF" alone: the here-document is the script, and not the input of a command.
bool is_script(const Instruction& instruction, char escape) {
  return instruction.heredocs.size() == 1 && instruction.form == Form::shell &&
         raw_words(instruction.arguments.front(), escape).size() == 1;
}

std::string with_heredocs(const Instruction& instruction) {
  std::string text = instruction.arguments.front();
  for (const Heredoc& heredoc : instruction.heredocs) {
    text += "\n" + heredoc.content + heredoc.name;
  }
  return text;
}

}  // namespace

void StageBuilder::run(const Instruction& instruction) {
  const std::string place =
      place_in(shared_.dockerfile.name, instruction.line, instruction.keyword);
  const Doing doing(place.c_str());
  const size_t layers = state_.layers.size();
  dispatch(instruction);
  add_history(instruction, layers);
}

void StageBuilder::run_triggers() {
  const std::vector<std::string> triggers = std::exchange(state_.config.config.on_build, {});
  const Doing doing("ONBUILD of the base image");
  origin_ = Origin::trigger;
  for (const std::string& text : triggers) {
    const Dockerfile trigger = parse_dockerfile(text, "trigger");
    const size_t layers = state_.layers.size();
    dispatch(trigger.instructions.front());
    add_history(trigger.instructions.front(), layers);
  }
  origin_ = Origin::file;
}

void StageBuilder::dispatch(const Instruction& instruction) {
  if (instruction.keyword == "RUN") return run_command(instruction);
  if (instruction.keyword == "COPY" || instruction.keyword == "ADD") return copy(instruction);
  if (instruction.keyword == "WORKDIR") return set_working_directory(instruction);
  show(instruction);
  if (instruction.keyword == "ARG") return declare_arguments(instruction);
  change_setting(instruction);
}

void StageBuilder::declare_arguments(const Instruction& instruction) {
  for (const std::string& word : instruction.arguments) {
    const size_t equals = word.find('=');
    const std::string name = expanded(word.substr(0, equals));
    std::optional<std::string> fallback;
    if (equals != std::string::npos) fallback = expanded(word.substr(equals + 1));
    if (name.empty()) throw Error("'" + word + "' has no name before the =");
    if (auto value = shared_.arguments.value_of(name, fallback)) {
      state_.variables.arguments[name] = *value;
    }
  }
}

void StageBuilder::change_setting(const Instruction& instruction) {
  if (instruction.keyword == "MAINTAINER") {
    shared_.output.warn(place_in(shared_.dockerfile.name, instruction.line) +
                        ": MAINTAINER is out of use; LABEL "
                        "org.opencontainers.image.authors=... takes its place");
  }
  // A command of the base image is meant for the base image's entrypoint.
  if (instruction.keyword == "ENTRYPOINT" && !has_own_cmd_) state_.config.config.cmd.clear();
  if (instruction.keyword == "CMD") has_own_cmd_ = true;
  apply_setting(instruction, shared_.dockerfile.escape, lookup(), state_.config);
}

// --- steps that make layers --------------------------------------------------------------------

void StageBuilder::run_command(const Instruction& instruction) {
  const std::vector<PreparedMount> mounts = prepare_mounts(instruction);
  const oci::ContainerDefaults& defaults = state_.config.config;
  RunRequest request;
  request.network = network_of(instruction, shared_.options.network);
  request.run_root = shared_.options.run_root;
  request.runtime = shared_.options.runtime;
  if (shared_.options.verbosity == BuildOptions::Verbosity::quiet) {
    request.output = RunRequest::Output::hold_back;
  }
  Instruction command = instruction;
  if (is_script(instruction, shared_.dockerfile.escape)) {
    command.arguments = {instruction.heredocs.front().content};
    if (command.arguments.front().starts_with("#!")) request.script = command.arguments.front();
  } else if (!instruction.heredocs.empty()) {
    command.arguments = {with_heredocs(instruction)};
  }
  request.command = command_line(command, defaults);
  for (const auto& [name, value] : state_.variables.arguments) {
    const std::string variable = std::string(name).append("=").append(value);
    if (state_.variables.look_up(name, defaults.env) == value)
      request.variables.push_back(variable);
  }
  StepKey key("RUN", state_);
  key.add_all(request.command).add(request.script).add_all(request.variables);
  key.add_all(defaults.env).add(defaults.user).add(defaults.working_dir);
  add_to_key(mounts, key);
  for (const std::string& proxy : shared_.arguments.proxies()) request.variables.push_back(proxy);

  make_layer(instruction, key.finish(), [&](StepLayer& layer) {
    LowerView below = view_below(shared_.keeper.store(), state_);
    RunMountArea area(shared_.keeper, layer);
    area.add(mounts, shared_.options.secrets, request);
    run_in_layer(request, state_.config, layer, below);
  });
}

void StageBuilder::set_working_directory(const Instruction& instruction) {
  const std::string text = expanded(instruction.arguments.front());
  if (text.empty()) throw Error("it is empty when its variables have their values");
  std::string& directory = state_.config.config.working_dir;
  const std::string path =
      "/" + clean_relative(text.starts_with('/') ? text : directory + "/" + text);
  const std::string& user = state_.config.config.user;
  const std::string key = StepKey("WORKDIR", state_).add(path).add(user).finish();
  make_layer(instruction, key, [&](StepLayer& layer) {
    if (layer.root().open_if_exists(path, O_PATH | O_DIRECTORY)) return;
    const ImageUser owner = look_up_user(user, layer.root());
    make_owned_directories(layer.root(), path, {owner.ids.uid, owner.ids.gid});
  });
  directory = path;
}

CopySource StageBuilder::copy_source(const Instruction& instruction) {
  const std::string* from = instruction.flag("from");
  if (from == nullptr) return {&shared_.context, {}};
  const std::vector<std::string> chain_ids = layers_of(*from);
  return {&tree_of(chain_ids), chain_ids.back()};
}

std::vector<std::string> StageBuilder::layers_of(const std::string& name) {
  const std::optional<size_t> stage = shared_.stages.find(name, number_);
  std::vector<std::string> chain_ids =
      stage ? shared_.built.at(*stage)->chain_ids()
            : shared_.images.get(name, shared_.options.platform).chain_ids();
  if (chain_ids.empty()) throw Error("--from: " + name + " has no files");
  return chain_ids;
}

const SourceTree& StageBuilder::tree_of(const std::vector<std::string>& chain_ids) {
  auto [tree, is_new] = shared_.trees.try_emplace(chain_ids.back());
  if (is_new) {
    tree->second = std::make_unique<SourceTree>(open_joined(shared_.keeper, chain_ids));
  }
  return *tree->second;
}

std::vector<PreparedMount> StageBuilder::prepare_mounts(const Instruction& instruction) {
  const auto expand_word = [this](std::string_view text) { return expanded(text); };
  std::vector<PreparedMount> prepared;
  for (RunMount& mount : run_mounts(instruction, expand_word, state_.config.config.working_dir)) {
    PreparedMount& last = prepared.emplace_back();
    last.mount = std::move(mount);
    if (last.mount.kind != RunMount::Kind::bind) continue;
    if (!last.mount.from.empty()) last.chain_ids = layers_of(last.mount.from);
    last.tree = last.mount.from.empty() ? &shared_.context : &tree_of(last.chain_ids);
  }
  return prepared;
}

void StageBuilder::copy(const Instruction& instruction) {
  const char escape = shared_.dockerfile.escape;
  const bool is_literal = instruction.form == Form::list;
  const auto expand_word = [&](std::string_view text) {
    return is_literal ? std::string(text) : expanded(text);
  };
  const auto expand_content = [&](std::string_view text) {
    return expand_variables(text, escape, lookup());
  };
  const CopyInstruction copying(instruction, copy_source(instruction), state_, expand_word,
                                expand_content);
  std::vector<std::string> notes;
  make_layer(instruction, copying.key(state_), [&](StepLayer& layer) {
    const Store& store = shared_.keeper.store();
    LowerView below = view_below(store, state_);
    copying.apply(layer, below, store.overlay_attributes(), notes);
  });
  for (const std::string& note : notes) shared_.output.note(note);
}

// --- layers ------------------------------------------------------------------------------------

void StageBuilder::make_layer(const Instruction& instruction, const std::string& key,
                              const std::function<void(StepLayer&)>& change) {
  if (take_cached(instruction, key)) return;
  show(instruction);
  make_anew(key, change);
}

bool StageBuilder::take_cached(const Instruction& instruction, const std::string& key) {
  if (shared_.options.cache == BuildOptions::Cache::ignore) return false;
  const std::optional<StepResult> found = find_step(shared_.keeper.store(), key);
  if (!found) return false;
  if (!found->is_empty()) {
    if (!shared_.keeper.has_layer(found->chain_id) || !shared_.keeper.has_blob(found->digest)) {
      return false;
    }
    ImageLayer& layer = state_.layers.emplace_back();
    layer.blob.media_type = oci::media_type::kLayerGzip;
    layer.blob.digest = found->digest;
    layer.blob.size = found->size;
    layer.diff_id = found->diff_id;
    layer.chain_id = found->chain_id;
  }
  state_.created = found->created;
  show(instruction, BuildOutput::Cached::yes);
  return true;
}

void StageBuilder::make_anew(const std::string& key,
                             const std::function<void(StepLayer&)>& change) {
  const Store& store = shared_.keeper.store();
  Transaction transaction(store);
  std::vector<std::string> notes;
  StepResult result{.created = rfc3339_now()};
  StepLayer step(transaction, state_.chain_ids());
  change(step);
  if (const std::optional<ImageLayer> layer = step.finish(notes)) {
    // Before it is there: gc may run at any moment after.
    shared_.keeper.keep(layer->chain_id);
    shared_.keeper.keep(layer->blob.digest);
    transaction.commit();
    state_.layers.push_back(*layer);
    result.digest = layer->blob.digest;
    result.size = layer->blob.size;
    result.diff_id = layer->diff_id;
    result.chain_id = layer->chain_id;
  }
  record_step(store, key, result);
  state_.created = result.created;
  for (const std::string& note : notes) shared_.output.note(note);
}

// --- what all have -----------------------------------------------------------------------------

void StageBuilder::show(const Instruction& instruction, BuildOutput::Cached cached) {
  if (origin_ == Origin::trigger) return shared_.output.trigger(instruction.text, cached);
  shared_.output.step(instruction.text, cached);
}

void StageBuilder::add_history(const Instruction& instruction, size_t layers_before) {
  oci::History& entry = state_.config.history.emplace_back();
  entry.created = state_.created;
  entry.created_by = instruction.text;
  entry.comment = "gocker build";
  entry.empty_layer = state_.layers.size() == layers_before;
}

std::string StageBuilder::expanded(std::string_view text) const {
  return expand(text, shared_.dockerfile.escape, lookup());
}

Lookup StageBuilder::lookup() const {
  return [this](std::string_view name) {
    return state_.variables.look_up(name, state_.config.config.env);
  };
}

}  // namespace gocker
