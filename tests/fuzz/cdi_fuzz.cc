// A file of the Container Device Interface: JSON where it begins with a brace, else YAML, of which
// whatever is taken becomes well-formed JSON.
#include <nlohmann/json.hpp>

#include "imagetool/cdi/cdi_spec.h"
#include "imagetool/cdi/yaml_document.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  const bool is_json = text.starts_with('{');
  try_to([&] { gocker::parse_cdi_spec(text, is_json ? "f.json" : "f.yaml"); });
  std::string json;
  try_to([&] { json = gocker::json_of_yaml(text, "f.yaml"); });
  if (!json.empty() && !nlohmann::json::accept(json)) fail("no JSON", json);
  return 0;
}
