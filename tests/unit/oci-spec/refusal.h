// What a call that must be refused says.
#pragma once

#include <string>

#include "oci-spec/error.h"

template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const oci::SpecError& error) {
    return error.what();
  }
  return "nothing was refused";
}
