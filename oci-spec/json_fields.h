// Reading JSON that others wrote: a parser with limits, and typed access to the fields of an object
// in which every refusal names the file and the JSON path (RFC 6901).
//
//   JsonDocument document(text, "config.json", kConfigLimits);
//   Fields fields = document.fields();
//   fields.required("path", root.path);                    // a string without NUL
//   fields.optional("umask", user.umask, Between{0u, 0777u});
//   fields.optional("mounts", spec.mounts, read_mount);    // void read_mount(const Fields&,
//   Mount&)
//
// Field names are compared letter by letter. A field that is null counts as absent: Go writes null
// for empty lists. Numbers are never converted: -5, 1.0, "1", true and 2^32 are no uint32_t. All
// errors are oci::SpecError.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "oci-spec/findings.h"
#include "oci-spec/json_value.h"

namespace oci {

inline constexpr JsonLimits kConfigLimits{.bytes = 16 << 20};
inline constexpr JsonLimits kImageLimits{.bytes = 4 << 20};

// Where a value stands: links up to the document, which are spelled out only for an error.
class JsonPlace {
 public:
  explicit JsonPlace(std::string_view file, Findings* findings = nullptr)
      : file_(file), findings_(findings) {}
  // A part of a document that is told apart from it, such as the "/process" of a config.json.
  JsonPlace(std::string_view file, std::string_view path) : file_(file), name_(path) {}
  JsonPlace(const JsonPlace& parent, std::string_view name)
      : parent_(&parent), name_(name), findings_(parent.findings_) {}
  JsonPlace(const JsonPlace& parent, size_t index)
      : parent_(&parent), index_(index), findings_(parent.findings_) {}
  JsonPlace(const JsonPlace&) = delete;
  JsonPlace& operator=(const JsonPlace&) = delete;

  std::string path() const;  // "/mounts/1/destination"; empty for the document itself
  [[noreturn]] void refuse(std::string_view problem) const;

  // Carries out one rule. Where the document's errors are collected, one that the rule throws is
  // noted and does not keep the next rule from its turn.
  template <class Rule>
  void attempt(Rule rule) const {
    if (findings_ == nullptr || !findings_->go_on) return rule();
    attempt_and_note(rule);
  }
  // The same for each entry of a list: rule(entry, its place).
  template <class T, class Rule>
  void for_each(const std::vector<T>& list, Rule rule) const {
    for (size_t i = 0; i < list.size(); ++i) {
      const JsonPlace here(*this, i);
      here.attempt([&] { rule(list[i], here); });
    }
  }
  Findings* findings() const { return findings_; }

 private:
  void attempt_and_note(const std::function<void()>& rule) const;
  void append_to(std::string& path) const;

  const JsonPlace* parent_ = nullptr;
  std::string_view file_;
  std::string_view name_;
  size_t index_ = kNoIndex;
  Findings* findings_ = nullptr;
  static constexpr size_t kNoIndex = std::numeric_limits<size_t>::max();
};

// The bounds of a number, both included.
template <std::integral T>
struct Between {
  T minimum;
  T maximum;
};
template <class T>
Between(T, T) -> Between<T>;  // clang 14 does not deduce it

// The spellings of an enumeration. For an enum class they stand in the order of its values.
using Names = std::span<const std::string_view>;

// `"text"` as an error may quote it: in one line and not endless.
std::string quote(std::string_view text);

// An object of a document. It points into the document and to its place, and outlives neither.
class Fields {
 public:
  Fields(const JsonValue& object, const JsonPlace& place);  // refuses what is no object
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  ~Fields();  // notes the names that nobody asked for, where the document's findings are wanted

  const JsonPlace& place() const { return *place_; }
  bool has(std::string_view name) const;  // true for null too
  [[noreturn]] void refuse(std::string_view name, std::string_view problem) const;

  // T is bool, std::string, an integer, or a std::vector, std::optional or std::map (by name) of
  // them. An absent field leaves `out` as it is, or is refused where it is required.
  template <class T>
  void optional(std::string_view name, T& out) const {
    with(find(name), name,
         [&](const Json& value, const JsonPlace& place) { read(value, place, out, read_value); });
  }
  template <class T>
  void required(std::string_view name, T& out) const {
    with(need(name), name,
         [&](const Json& value, const JsonPlace& place) { read(value, place, out, read_value); });
  }

  // T is an integer, or a vector, optional or map of one.
  template <class T, std::integral I>
  void optional(std::string_view name, T& out, Between<I> bounds) const {
    with(find(name), name,
         [&](const Json& value, const JsonPlace& place) { read(value, place, out, in(bounds)); });
  }
  template <class T, std::integral I>
  void required(std::string_view name, T& out, Between<I> bounds) const {
    with(need(name), name,
         [&](const Json& value, const JsonPlace& place) { read(value, place, out, in(bounds)); });
  }

  // T is a struct that `reader` fills from an object, or a vector, optional or map of it.
  template <class T, class Reader>
  void optional(std::string_view name, T& out, Reader reader) const {
    with(find(name), name, [&](const Json& value, const JsonPlace& place) {
      read(value, place, out, object_by(reader));
    });
  }
  template <class T, class Reader>
  void required(std::string_view name, T& out, Reader reader) const {
    with(need(name), name, [&](const Json& value, const JsonPlace& place) {
      read(value, place, out, object_by(reader));
    });
  }

 private:
  // Here, as clang wants to see it before its use.
  static auto name_in(Names names) {
    return [names](const Json& value, const JsonPlace& place, auto& out) {
      using T = std::remove_reference_t<decltype(out)>;
      out = static_cast<T>(index_in(names, value, place));
    };
  }

 public:
  // T is an enum class, or a vector or optional of one.
  template <class T>
  void optional_one_of(std::string_view name, T& out, Names names) const {
    with(find(name), name, [&](const Json& value, const JsonPlace& place) {
      read(value, place, out, name_in(names));
    });
  }
  template <class T>
  void required_one_of(std::string_view name, T& out, Names names) const {
    with(need(name), name, [&](const Json& value, const JsonPlace& place) {
      read(value, place, out, name_in(names));
    });
  }

  // The names inside the object `name`, whatever their values are: {"80/tcp": {}} as Go writes
  // sets.
  void optional_set(std::string_view name, std::vector<std::string>& out) const;

 private:
  using Json = JsonValue;
  using EachMember =
      std::function<void(std::string_view name, const Json& value, const JsonPlace& place)>;

  const Json* find(std::string_view name) const;  // nullptr where absent or null
  const Json* need(std::string_view name) const;  // refuses instead
  void note_ignored() const;
  const Json* member(std::string_view name) const;
  static JsonList list(const Json& value, const JsonPlace& place);
  static void for_each_member(const Json& object, const JsonPlace& place, const EachMember& call);
  static bool boolean(const Json& value, const JsonPlace& place);
  static std::string_view string(const Json& value, const JsonPlace& place);
  static int64_t signed_integer(const Json& value, const JsonPlace& place, Between<int64_t> bounds);
  static uint64_t unsigned_integer(const Json& value, const JsonPlace& place,
                                   Between<uint64_t> bounds);
  static size_t index_in(Names names, const Json& value, const JsonPlace& place);

  template <class Read>
  void with(const Json* value, std::string_view name, Read read_it) const {
    if (value == nullptr) return;
    const JsonPlace place(*place_, name);
    place.attempt([&] { read_it(*value, place); });
  }

  template <std::integral T>
  static T integer(const Json& value, const JsonPlace& place, Between<T> bounds) {
    if constexpr (std::signed_integral<T>) {
      return static_cast<T>(signed_integer(value, place, {bounds.minimum, bounds.maximum}));
    } else {
      return static_cast<T>(unsigned_integer(value, place, {bounds.minimum, bounds.maximum}));
    }
  }

  // The four ways to read a single value.
  static constexpr auto read_value = [](const Json& value, const JsonPlace& place, auto& out) {
    using T = std::remove_reference_t<decltype(out)>;
    if constexpr (std::same_as<T, bool>) {
      out = boolean(value, place);
    } else if constexpr (std::same_as<T, std::string>) {
      out = string(value, place);
    } else {
      out =
          integer<T>(value, place, {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()});
    }
  };
  template <std::integral I>
  static auto in(Between<I> bounds) {
    return [bounds](const Json& value, const JsonPlace& place, auto& out) {
      using T = std::remove_reference_t<decltype(out)>;
      out = static_cast<T>(integer<T>(
          value, place, {static_cast<T>(bounds.minimum), static_cast<T>(bounds.maximum)}));
    };
  }
  template <class Reader>
  static auto object_by(Reader reader) {
    return [reader](const Json& value, const JsonPlace& place, auto& out) {
      reader(Fields(value, place), out);
    };
  }

  // The containers around it.
  template <class T, class Read>
  static void read(const Json& value, const JsonPlace& place, T& out, Read one) {
    one(value, place, out);
  }
  template <class T, class Read>
  static void read(const Json& value, const JsonPlace& place, std::optional<T>& out, Read one) {
    read(value, place, out.emplace(), one);
  }
  template <class T, class Read>
  static void read(const Json& value, const JsonPlace& place, std::vector<T>& out, Read one) {
    const JsonList items = list(value, place);
    out.reserve(items.size());
    for (size_t i = 0; i < items.size(); ++i) {
      const JsonPlace here(place, i);
      here.attempt([&] { one(items[i], here, out.emplace_back()); });
    }
  }
  template <class T, class Read>
  static void read(const Json& value, const JsonPlace& place, std::map<std::string, T>& out,
                   Read one) {
    for_each_member(value, place,
                    [&](std::string_view name, const Json& member, const JsonPlace& at) {
                      one(member, at, out.emplace_hint(out.end(), name, T())->second);
                    });
  }

  JsonObject members_;
  const JsonPlace* place_;
  int exceptions_;  // in flight when the reading began
  mutable std::vector<std::string_view> asked_for_;
};

// A parsed document together with its name. The text must live as long: no temporary is taken.
class JsonDocument {
 public:
  JsonDocument(std::string_view text, std::string_view file, JsonLimits limits,
               Findings* findings = nullptr);
  template <std::same_as<std::string> Temporary>
  JsonDocument(Temporary&& text, std::string_view file, JsonLimits limits) = delete;
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  const JsonValue& root() const { return root_; }
  Fields fields() const { return Fields(root_, place_); }

 private:
  std::string file_;
  JsonPlace place_;
  std::pmr::monotonic_buffer_resource memory_;
  JsonValue root_;
};

}  // namespace oci
