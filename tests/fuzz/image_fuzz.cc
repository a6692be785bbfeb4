// The documents of an image: index, manifest and config, whichever the text is.
#include "oci-spec/image_spec.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  try_to([&] {
    expect_round_trip(to_json(oci::parse_index(text, "index")),
                      [](const std::string& json) { return oci::parse_index(json, "again"); });
  });
  try_to([&] {
    expect_round_trip(to_json(oci::parse_manifest(text, "manifest")),
                      [](const std::string& json) { return oci::parse_manifest(json, "again"); });
  });
  try_to([&] {
    expect_round_trip(
        to_json(oci::parse_image_config(text, "config")),
        [](const std::string& json) { return oci::parse_image_config(json, "again"); });
  });
  try_to([&] { oci::kind_of(text, "", "document"); });
  return 0;
}
