#include "oci-spec/json_text.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "oci-spec/error.h"

namespace oci {
namespace {

using ErrorHandler = nlohmann::detail::error_handler_t;

std::string dump(const OrderedJson& json, Layout layout, ErrorHandler on_bad_text) {
  switch (layout) {
    case Layout::tabs:
      return json.dump(1, '\t', false, on_bad_text) + "\n";
    case Layout::two_blanks:
      return json.dump(2, ' ', false, on_bad_text) + "\n";
    case Layout::one_line:
      break;
  }
  return json.dump(-1, ' ', false, on_bad_text);
}

}  // namespace

std::string report_text(const OrderedJson& json, Layout layout) {
  return dump(json, layout, ErrorHandler::replace);
}

std::string document_text(const OrderedJson& json, Layout layout, std::string_view document) {
  try {
    return dump(json, layout, ErrorHandler::strict);
  } catch (const OrderedJson::type_error&) {
    throw SpecError(document, "", "holds a text that is not UTF-8");
  }
}

void put(OrderedJson& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

void put(OrderedJson& object, const char* name, const std::vector<std::string>& values) {
  if (!values.empty()) object[name] = values;
}

void put(OrderedJson& object, const char* name, const StringMap& values) {
  if (!values.empty()) object[name] = values;
}

void put_json(OrderedJson& object, const char* name, OrderedJson value) {
  if (!value.empty()) object[name] = std::move(value);
}

}  // namespace oci
