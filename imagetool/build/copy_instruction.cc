#include "imagetool/build/copy_instruction.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "imagetool/build/archive_source.h"
#include "imagetool/build/step_key.h"
#include "imagetool/bundle/user_lookup.h"
#include "imagetool/layer/canonical_path.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kFiles = "files";  // here-documents, beside the stage's files

bool is_url(std::string_view source) {
  return source.starts_with("http://") || source.starts_with("https://") ||
         source.starts_with("git@") || source.starts_with("ftp://");
}

bool names_directory(std::string_view path) {
  return path.ends_with('/') || path == "." || path.ends_with("/.") || path == ".." ||
         path.ends_with("/..");
}

// Absolute, without "." and ".."; with a slash at the end where it must be a directory.
std::string absolute(const std::string& path, const std::string& working_dir) {
  const std::string whole = path.starts_with('/') ? path : working_dir + "/" + path;
  std::string clean = "/" + clean_relative(whole);
  if (names_directory(path) && clean != "/") clean += '/';
  return clean;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

CopyInstruction::CopyInstruction(const Instruction& instruction, const CopySource& source,
                                 const StageState& stage,
                                 const std::function<std::string(std::string_view)>& expand,
                                 const std::function<std::string(std::string_view)>& expand_content)
    : instruction_(instruction), source_(source) {
  read_flags(expand);
  read_words(stage, expand, expand_content);
}

void CopyInstruction::read_flags(const std::function<std::string(std::string_view)>& expand) {
  if (const std::string* owner = instruction_.flag("chown")) {
    owner_text_ = expand(*owner);
    if (owner_text_.empty()) throw Error("--chown is empty");
  }
  if (const std::string* text = instruction_.flag("chmod")) {
    const std::string value = expand(*text);
    const std::optional<uint32_t> mode = parse_octal(value);
    if (!mode || *mode > 07777) {
      throw Error("--chmod: '" + value + "' is no mode in octal digits, such as 755");
    }
    mode_ = *mode;
  }
}

void CopyInstruction::read_words(
    const StageState& stage, const std::function<std::string(std::string_view)>& expand,
    const std::function<std::string(std::string_view)>& expand_content) {
  const std::vector<std::string>& words = instruction_.arguments;
  const std::string last = expand(words.back());
  if (last.empty()) throw Error("the destination is empty");
  destination_ = absolute(last, stage.config.config.working_dir);
  wants_directory_ = destination_.ends_with('/');
  if (words.size() > 2 && !wants_directory_) {
    throw Error("with several sources the destination is a directory and ends with a /: '" + last +
                "/'");
  }
  for (size_t i = 0; i + 1 < words.size(); ++i) add_source(words[i], expand, expand_content);
}

void CopyInstruction::add_source(
    const std::string& word, const std::function<std::string(std::string_view)>& expand,
    const std::function<std::string(std::string_view)>& expand_content) {
  if (word.starts_with("<<") && heredocs_read_ < instruction_.heredocs.size()) {
    const Heredoc& heredoc = instruction_.heredocs[heredocs_read_++];
    if (heredoc.name.find('/') != std::string::npos) {
      throw Error("<<" + heredoc.name + ": the name of a file has no /");
    }
    files_.push_back(
        {heredoc.name, heredoc.expands ? expand_content(heredoc.content) : heredoc.content});
    return;
  }
  const std::string source = expand(word);
  if (source.empty()) throw Error("a source is empty");
  if (is_url(source)) {
    throw Error("'" + source + "': " + instruction_.keyword +
                " fetches nothing from the network; download it in a RUN");
  }
  for (const std::string& path : source_.tree->find(source)) {
    const Doing doing("read", path);
    const bool unpacks = instruction_.keyword == "ADD" && !source_.tree->is_directory(path) &&
                         is_archive(source_.tree->root().open(path, O_RDONLY | O_NONBLOCK));
    (unpacks ? archives_ : sources_).push_back(path);
  }
}

std::string CopyInstruction::key(const StageState& stage) const {
  StepKey key(instruction_.keyword, stage);
  key.add(destination_).add(owner_text_).add(mode_ ? std::to_string(*mode_) : "");
  for (const File& file : files_) key.add(file.name).add(file.content);
  if (!source_.chain_id.empty()) {
    key.add("from").add(source_.chain_id).add_all(sources_).add_all(archives_);
    return key.finish();
  }
  const std::optional<Owner> owner = Owner();
  key.add(digest_of_sources(*source_.tree, {sources_, destination_, owner, mode_}));
  key.add(digest_of_sources(*source_.tree, {archives_, destination_, owner, mode_}));
  return key.finish();
}

// A number without a group is the group's, too; what comes from the context without --chown is
// root's, what comes from a stage keeps its owner.
std::optional<Owner> CopyInstruction::owner(const RootDir& root) const {
  if (owner_text_.empty()) {
    return source_.chain_id.empty() ? std::optional(Owner()) : std::nullopt;
  }
  const bool is_lone_number = is_number(owner_text_);
  const ImageUser user =
      look_up_user(is_lone_number ? owner_text_ + ":" + owner_text_ : owner_text_, root);
  return Owner{user.ids.uid, user.ids.gid};
}

void CopyInstruction::write_files(StepLayer& layer, const CopyRequest& request,
                                  std::vector<std::string>& notes) const {
  if (files_.empty()) return;
  check(::mkdirat(layer.bundle().get(), kFiles, S_IRWXU), "mkdir", kFiles);
  CopyRequest files = request;
  files.sources.clear();
  const RootDir directory(open_file_at(layer.bundle(), kFiles, O_RDONLY | O_DIRECTORY));
  for (const File& each : files_) {
    const Fd file = open_file_at(directory.fd(), each.name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    check(::fchmod(file.get(), 0644), "chmod", each.name);
    write_all(file, each.content, each.name);
    files.sources.push_back(each.name);
  }
  files.owner = files.owner.value_or(Owner());
  copy_files(SourceTree(RootDir(directory.fd().duplicate())), files, layer.root(), notes);
}

void CopyInstruction::apply(StepLayer& layer, LowerView& below,
                            OverlayAttributes overlay_attributes,
                            std::vector<std::string>& notes) const {
  CopyRequest request{sources_, destination_, owner(layer.root()), mode_};
  if (sources_.size() + files_.size() > 1 && !wants_directory_) request.destination += '/';
  copy_files(*source_.tree, request, layer.root(), notes);
  write_files(layer, request, notes);
  if (archives_.empty()) return;
  layer.detach();  // archives go straight to the layer
  ArchiveTarget target{.directory = "/" + clean_relative(destination_)};
  if (target.directory == "/") target.directory.clear();
  if (!owner_text_.empty()) {
    target.uid = request.owner->uid;
    target.gid = request.owner->gid;
  }
  for (const std::string& archive : archives_) {
    const Doing doing("unpack", archive);
    unpack(source_.tree->root().open(archive, O_RDONLY), layer.changes(), below, overlay_attributes,
           target, notes);
  }
}

}  // namespace gocker
