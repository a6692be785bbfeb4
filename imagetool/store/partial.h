// The beginnings of blobs whose download was cut off, kept for the next try.
//
// They are not checked: whoever goes on with one must hash it from its start.
#pragma once

#include <string>
#include <string_view>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

// What a blob in the making is called in a workspace. `hex` are the digits of its digest.
std::string blob_draft_name(std::string_view hex);

// Moves the beginning of a blob into a workspace, as its draft; false where there is none. Of two
// commands that want it one gets it.
bool take_partial(const Store& store, std::string_view hex, const Fd& workspace);

// Moves the drafts of blobs out of a workspace, those of a mebibyte and more: less is soon
// downloaded again.
void keep_partials(const Store& store, const Fd& workspace);

}  // namespace gocker
