// A registry's word on why it does not give what it was asked for (distribution-spec, "Error
// Codes").
#pragma once

#include <string>
#include <string_view>

#include "imagetool/registry/http.h"

namespace gocker {

// "registry HOST answers 404: manifest unknown", with the messages of the answer's JSON body where
// it has some.
std::string describe_refusal(const HttpResponse& response);

// Whether the same request may succeed a little later: 408, 429 and 5xx.
bool is_passing(long status);

}  // namespace gocker
