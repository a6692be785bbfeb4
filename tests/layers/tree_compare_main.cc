// tree-compare DIR DIR: says what differs between two trees, one line each; 0 where nothing does.
#include <cstdio>
#include <exception>

#include "runtime/base/file.h"
#include "tests/layers/tree_compare.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: tree-compare DIR DIR\n", stderr);
    return 2;
  }
  try {
    const auto differences = gocker::tests::compare_trees(gocker::open_directory(argv[1]),
                                                          gocker::open_directory(argv[2]));
    for (const std::string& line : differences) std::printf("%s\n", line.c_str());
    return differences.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tree-compare: %s\n", error.what());
    return 2;
  }
}
