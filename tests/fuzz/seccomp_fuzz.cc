// linux.seccomp of a config.json: read, judged, and compiled to a program that the kernel could
// load.
#include "oci-spec/runtime_spec.h"
#include "oci-spec/validate.h"
#include "runtime/linux/seccomp.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_to([&] {
    const std::string json = std::string(R"({"ociVersion": "1.0.2", "root": {"path": "rootfs"},
        "linux": {"seccomp": )")
                                 .append(text_of(data, size))
                                 .append("}}");
    const oci::Spec spec = oci::parse_spec(json, "config.json");
    oci::validate(spec, "config.json");
    if (spec.linux_.seccomp) gocker::compile_seccomp(*spec.linux_.seccomp);
  });
  return 0;
}
