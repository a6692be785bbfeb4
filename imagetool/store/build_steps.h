// What the steps of earlier builds gave: the layer cache of `build`. It keeps layers and blobs in
// the store until the image that has them is removed, or gc is called.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/store.h"

namespace gocker {

// The layer that a step made; its texts are empty where it changed no file.
struct StepResult {
  std::string created;  // when: RFC 3339
  std::string digest;   // of its blob, application/vnd.oci.image.layer.v1.tar+gzip
  uint64_t size = 0;    // of the same
  std::string diff_id;
  std::string chain_id;

  bool is_empty() const { return chain_id.empty(); }
};

// `key` is a digest of all that the step depends on.
void record_step(const Store& store, std::string_view key, const StepResult& result);
// Nothing where there is none, or one that cannot be read.
std::optional<StepResult> find_step(const Store& store, std::string_view key);

struct RecordedStep {
  std::string name;  // of the record, for forget_step()
  StepResult result;
};
std::vector<RecordedStep> recorded_steps(const Store& store);

// Both want the exclusive lock.
void forget_step(const Store& store, const std::string& name);
void forget_all_steps(const Store& store);

}  // namespace gocker
