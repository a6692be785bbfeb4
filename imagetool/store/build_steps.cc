#include "imagetool/store/build_steps.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "imagetool/digest.h"
#include "oci-spec/image_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kSteps = "steps";
constexpr size_t kMaxRecord = 4096;

// Invalid where no build has recorded anything yet.
Fd open_steps(const Store& store) {
  return open_if_exists_at(store.directory(), kSteps, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Fd make_steps(const Store& store) {
  if (::mkdirat(store.directory().get(), kSteps, 0700) != 0 && errno != EEXIST) {
    throw_errno("mkdir", kSteps);
  }
  return open_steps(store);
}

// Words on a line: time, and where there is a layer its digest, size, diff id, chain id.
std::string to_text(const StepResult& result) {
  if (result.is_empty()) return result.created + "\n";
  return result.created + " " + result.digest + " " + std::to_string(result.size) + " " +
         result.diff_id + " " + result.chain_id + "\n";
}

std::optional<StepResult> from_text(std::string_view text) {
  const std::vector<std::string_view> words = split(trim(text), ' ');
  StepResult result{.created = std::string(words[0])};
  if (words.size() == 1) return result;
  if (words.size() != 5) return std::nullopt;
  const std::optional<uint64_t> size = parse_u64(words[2]);
  if (!size || !oci::is_digest(words[1]) || !oci::is_digest(words[3]) ||
      !oci::is_digest(words[4])) {
    return std::nullopt;
  }
  result.digest = words[1];
  result.size = *size;
  result.diff_id = words[3];
  result.chain_id = words[4];
  return result;
}

}  // namespace

void record_step(const Store& store, std::string_view key, const StepResult& result) {
  const Fd locked = store.lock(Store::Lock::shared);
  replace_file_at(make_steps(store), digest_hex(key), to_text(result), 0600);
}

std::optional<StepResult> find_step(const Store& store, std::string_view key) {
  const Fd steps = open_steps(store);
  if (!steps) return std::nullopt;
  const std::optional<std::string> text = read_if_exists_at(steps, digest_hex(key), kMaxRecord);
  return text ? from_text(*text) : std::nullopt;
}

std::vector<RecordedStep> recorded_steps(const Store& store) {
  std::vector<RecordedStep> list;
  const Fd steps = open_steps(store);
  if (!steps) return list;
  for (std::string& name : list_directory(steps, kSteps)) {
    const std::optional<std::string> text = read_if_exists_at(steps, name, kMaxRecord);
    std::optional<StepResult> result = text ? from_text(*text) : std::nullopt;
    // A record that cannot be read is as good as one that says nothing.
    list.push_back({std::move(name), std::move(result).value_or(StepResult())});
  }
  return list;
}

void forget_step(const Store& store, const std::string& name) {
  remove_tree_at(open_steps(store), name);
}

void forget_all_steps(const Store& store) {
  remove_tree_at(store.directory(), kSteps);
}

}  // namespace gocker
