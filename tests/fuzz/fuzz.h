// What all fuzz targets share: they demand that whatever comes in is either taken or refused with
// one clear line, and that what is taken can be written and read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "oci-spec/error.h"
#include "runtime/base/error.h"

namespace gocker::fuzz {

[[noreturn]] inline void fail(const char* what, std::string_view text) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

// Any other exception is a finding: it would reach the user in words that were not meant for him.
inline void expect_one_line(std::string_view text) {
  if (text.empty() || text.find('\n') != std::string_view::npos) fail("not one line", text);
}

// Runs `read`, which may refuse its input.
template <class Read>
void try_to(Read read) {
  try {
    read();
  } catch (const oci::SpecError& refused) {
    expect_one_line(refused.what());
  } catch (const Error& refused) {
    expect_one_line(refused.what());
  }
}

// What is written of a document is read as the same document.
template <class Parse>
void expect_round_trip(const std::string& written, Parse parse) {
  std::string again;
  try {
    again = to_json(parse(written));
  } catch (const std::exception& refused) {
    fail(refused.what(), written);
  }
  if (again != written) fail("another document", written + " -> " + again);
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace gocker::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
