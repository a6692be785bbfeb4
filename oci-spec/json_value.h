// A JSON document as a tree: what the parser makes of a text, for Fields to read. The tree points
// into the text; whoever keeps the one keeps the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <variant>

namespace oci {

struct JsonValue;
struct JsonMember;
using JsonList = std::span<const JsonValue>;
using JsonObject = std::span<const JsonMember>;  // in the order of the names, none of them twice
// No integer of 64 bits, as it stands in the text: nothing that the specifications have is one.
struct JsonReal {
  std::string_view text;
};

struct JsonValue {
  std::variant<std::nullptr_t, bool, uint64_t, int64_t, JsonReal, std::string_view, JsonList,
               JsonObject>
      is;  // int64_t only below zero

  template <class T>
  const T* as() const {
    return std::get_if<T>(&is);
  }
};

struct JsonMember {
  std::string_view name;
  JsonValue value;
};

struct JsonLimits {
  size_t bytes;
  size_t depth = 128;         // objects and lists inside each other
  size_t values = 1'000'000;  // of all kinds: one takes 40 bytes of memory
};

// Parses one document (RFC 8259) and nothing behind it. Refuses what exceeds the limits, repeated
// names, and bytes that are NUL or no UTF-8: a SpecError that names `file` and the place, which for
// errors of syntax is line and column. Texts that are not in `text` letter by letter, and lists,
// lie in `memory`.
JsonValue parse_json(std::string_view text, std::string_view file, JsonLimits limits,
                     std::pmr::memory_resource& memory);

}  // namespace oci
