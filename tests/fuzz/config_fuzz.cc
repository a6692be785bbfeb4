// config.json: read, judged, written and read again.
#include "oci-spec/runtime_spec.h"
#include "oci-spec/validate.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_to([&] {
    const oci::Spec spec = oci::parse_spec(text_of(data, size), "config.json");
    expect_round_trip(to_json(spec),
                      [](const std::string& json) { return oci::parse_spec(json, "again"); });
    oci::validate(spec, "config.json");
  });
  return 0;
}
