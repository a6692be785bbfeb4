// Writing JSON: the parts that all writers of this folder share; private to the folder.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/json_writer.h"
#include "oci-spec/runtime_spec.h"

namespace oci {

using OrderedJson = nlohmann::ordered_json;

// For reports, which must never fail: bytes that are no UTF-8 become U+FFFD.
std::string report_text(const OrderedJson& json, Layout layout);
// For documents, which must say what was meant: bytes that are no UTF-8 are a SpecError that names
// `document`, as JSON cannot hold them.
std::string document_text(const OrderedJson& json, Layout layout, std::string_view document);

// Set the member `name` of `object`, but leave it out where there is nothing to say.
void put(OrderedJson& object, const char* name, const std::string& value);
void put(OrderedJson& object, const char* name, const std::vector<std::string>& values);
void put(OrderedJson& object, const char* name, const StringMap& values);
void put_json(OrderedJson& object, const char* name, OrderedJson value);  // not null, {} or []
template <class Json, class T>
void put(Json& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

// A list of what `write` makes of each value.
template <class Json = OrderedJson, class T, class Writer>
Json list_of(const std::vector<T>& values, Writer write) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(write(value));
  return list;
}

}  // namespace oci
