// state.json, in which the runtime keeps what it must know of a container.
#include "runtime/container/record.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_to([&] {
    const gocker::ContainerRecord record = gocker::parse_record(text_of(data, size), "state.json");
    expect_round_trip(to_json(record),
                      [](const std::string& json) { return gocker::parse_record(json, "again"); });
  });
  return 0;
}
