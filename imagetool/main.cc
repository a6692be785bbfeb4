// gocker-image: registries, the local store, bundles.
#include "imagetool/cli/command.h"

int main(int argc, char** argv) {
  return gocker::cli::run_program(std::vector<std::string>(argv + (argc > 0), argv + argc));
}
