// A registry's word on why it does not give what it was asked for (distribution-spec, "Error
// Codes").
#pragma once

#include <string>
#include <string_view>

#include "imagetool/registry/http.h"
#include "runtime/base/error.h"

namespace gocker {

// The registry has answered, but not with what it was asked for.
class Refusal : public Error {
 public:
  Refusal(std::string_view reason, long status) : Error(reason), status_(status) {}
  long status() const { return status_; }

 private:
  long status_;
};

// "registry HOST answers 404: manifest unknown", with the messages of the answer's JSON body where
// it has some.
std::string describe_refusal(const HttpResponse& response);

// Whether the same request may succeed a little later: 408, 429 and 5xx.
bool is_passing(long status);

}  // namespace gocker
