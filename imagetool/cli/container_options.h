// The options of `container create` and `container run`.
#pragma once

#include <array>

#include "imagetool/cli/run_options.h"
#include "imagetool/cli/wanted_image.h"
#include "imagetool/containers/record.h"

namespace gocker::cli {

inline constexpr std::array kContainerOptions = join_tables(
    std::array{
        Option{"name", 0, "NAME", "a name, for people and for other containers"},
        Option{"interactive", 'i', "", "let the program read this standard input (else nothing)"},
        Option{"rm", 0, "", "remove the container when it has ended"},
        Option{"restart", 0, "POLICY", "no, on-failure[:TIMES], always or unless-stopped"},
        Option{"publish", 'p', "[[IP:]HOST:]PORT",
               "let a port of the host lead to the container's"},
        Option{"publish-all", 'P', "", "the same for all ports that the image exposes"},
        Option{"network-alias", 0, "NAME", "one more name in its networks"},
        Option{"ip", 0, "ADDRESS", "its address in its first network"},
        Option{"add-host", 0, "NAME:ADDRESS", "one more line in its /etc/hosts"},
        Option{"dns", 0, "ADDRESS", "a server for names, in place of the usual ones"},
        Option{"dns-search", 0, "DOMAIN", "where short names are looked up"},
        Option{"dns-option", 0, "OPTION", "an option of resolv.conf(5)"},
        Option{"stop-signal", 0, "SIGNAL", "what gocker stop sends (the image's, or SIGTERM)"},
        Option{"stop-timeout", 0, "SECONDS", "how long gocker stop waits before it kills (10)"},
        Option{"log-opt", 0, "max-size=SIZE", "old lines of the log go beyond that size"},
        Option{"cidfile", 0, "FILE", "write the container's id to a file that is not there yet"},
        Option{"pull", 0, "WHEN", "the image: missing (default), always or never"},
        Option{"platform", 0, "OS/ARCH[/VARIANT]", "of the image that is pulled"},
    },
    kRunOptions);

// What is asked for, but for what concerns the command that takes it.
struct ContainerWish {
  std::string image;
  PullPolicy pull = PullPolicy::missing;
  PullOptions pull_options;
  std::string id_file;
  bool publish_all = false;
  ContainerRecord record;
  RunOptions run;
};

// `image_and_command` is what follows the options. Throws UsageError.
ContainerWish parse_container_options(const Arguments& arguments, std::string image,
                                      std::vector<std::string> command);

}  // namespace gocker::cli
