// gocker-runtime spec: writes a config.json to start from.
#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/file.h"
#include "runtime/cli/command.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    Option{"bundle", 'b', "DIR", "where config.json is written (default: here)"},
    Option{"rootless", 0, "", "one that works without root's rights"}};

int run(const Global&, const Arguments& arguments) {
  const Fd bundle = open_directory(arguments.value("bundle", "."));
  // Never over a file that stands: it may be somebody's work.
  const Fd file = open_file_at(bundle, "config.json", O_WRONLY | O_CREAT | O_EXCL, 0666);
  const oci::Spec spec = arguments.has("rootless") ? oci::rootless_spec(::geteuid(), ::getegid())
                                                   : oci::default_spec();
  write_all(file, oci::to_json(spec) + "\n", "config.json");
  return 0;
}

}  // namespace

constinit const Command kSpec{.name = "spec",
                              .summary = "write a config.json to start from",
                              .options = kOptions,
                              .run = run};

}  // namespace gocker::cli
