// A second look at the raw headers of a tar entry, for what libarchive 3.6 does not tell: it cuts a
// path of an extended header at a NUL, takes "12abc" for a number, and a record with a wrong length
// makes it drop the records behind it with a warning that a later one hides.
#pragma once

#include <string_view>

namespace gocker {

// `headers` is what stands in the archive between the end of the entry before and this entry's
// data: any number of extended headers, each with its content, then the header proper. Throws where
// a PAX record is malformed (POSIX pax, "pax Extended Header").
void check_tar_headers(std::string_view headers);

}  // namespace gocker
