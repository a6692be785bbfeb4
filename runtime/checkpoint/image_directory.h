// The directory that holds the images of a checkpoint. CRIU opens them by name, follows links and
// trusts what it reads: a link in it would make a host's file part of the container, or be written
// over. So nothing but plain files may be in it, and nobody else may write to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// Opens and checks it, and those of earlier dumps that it builds on (the link "parent" that CRIU
// makes). A missing one is made where the container is to be dumped.
Fd open_image_directory(const std::string& path);
Fd make_image_directory(const std::string& path);

// Where CRIU writes `log_file`, which is removed: made where it is missing.
Fd make_work_directory(const std::string& path, const std::string& log_file);

// What the first process had as stdin, stdout and stderr: "pipe:[4711]", "/dev/null". In the file
// descriptors.json, as runc writes it.
void write_stream_names(const Fd& images, const std::vector<std::string>& names);
std::vector<std::string> read_stream_names(const Fd& images);

}  // namespace gocker
