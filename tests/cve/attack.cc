#include "tests/cve/attack.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/base/file.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string names;
  std::string attempt;
  std::string verdict;
  std::string figures;
};

std::vector<Row>& rows() {
  static std::vector<Row> all;
  return all;
}

// One line for each thing below a directory: whatever changes an inode changes its ctime.
std::vector<std::string> describe_tree(const std::string& directory) {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& path) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) return;
    lines.push_back(path + " mode " + std::to_string(status.st_mode) + " owner " +
                    std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid) + " size " +
                    std::to_string(status.st_size) + " changed " +
                    std::to_string(status.st_ctim.tv_sec) + "." +
                    std::to_string(status.st_ctim.tv_nsec));
  };
  add(directory);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) add(entry.path());
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Prints the table. And what is attacked is a copy: a success must not harm the machine's runtime.
class Table : public ::testing::Environment {
  void SetUp() override {
    const std::string program = Runtime::path();
    copy_ = directory_.path() + "/" + fs::path(program).filename().string();
    fs::copy_file(program, copy_);
    ::setenv("GOCKER_RUNTIME", copy_.c_str(), 1);
  }
  void TearDown() override {
    std::printf("%s\n", Runtime::version().c_str());
    for (const Row& row : rows()) {
      std::printf("| %s | %s | %s | %s |\n", row.names.c_str(), row.attempt.c_str(),
                  row.verdict.c_str(), row.figures.c_str());
    }
    std::fflush(stdout);
  }

  TempDir directory_{"gocker-cve"};
  std::string copy_;
};

// gtest owns it. Made before main(), so that it comes before the environment of all system tests.
const ::testing::Environment* const kTable = ::testing::AddGlobalTestEnvironment(new Table);

}  // namespace

void Attack::row(const std::string& names, const std::string& attempt) {
  names_ = names;
  attempt_ = attempt;
}

Container& Attack::add_container() {
  Container& container = SystemTest::add_container();
  container.config().remove("/linux/resources");
  return container;
}

Outcome Attack::start_sleeping() {
  box.bundle.set_command({"sleep"});
  const Outcome created = box.create();
  return created ? box.start() : created;
}

Outcome Attack::exec(const Words& options, const Words& command) const {
  Words words = {"exec"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(box.id());
  words.insert(words.end(), command.begin(), command.end());
  return runtime.call(words);
}

void Attack::SetUp() {
  SystemTest::SetUp();
  box.config().remove("/linux/resources");
  fs::create_directory(outside());
  std::ofstream(outside("/canary")) << "untouched";
  before_ = describe_tree(outside());
}

void Attack::TearDown() {
  // What a runtime leaves behind is its system suite's concern, not this table's.
  const char* verdict = HasFailure() ? "FELL" : IsSkipped() ? "not tried" : "held";
  rows().push_back({names_, attempt_, verdict, figures_});
  SystemTest::TearDown();
}

void Attack::expect_outside_untouched() const {
  const std::vector<std::string> now = describe_tree(outside());
  EXPECT_EQ(now, before_);
}

std::string Attack::climbing(const std::string& host_path) {
  return "../../../../../../../../../../.." + host_path;
}

std::vector<std::string> Attack::ways_to(const std::string& host_path) {
  return {host_path, climbing(host_path)};
}

void Attack::plant_link(const Container& container, const std::string& name,
                        const std::string& target) {
  const std::string path = container.bundle.rootfs(name);
  fs::remove_all(path);
  fs::create_directories(fs::path(path).parent_path());
  fs::create_symlink(target, path);
}

void Attack::use_own_dev(Container& container) {
  const std::vector<Value> mounts = container.config()["/mounts"].elements();
  for (size_t i = mounts.size(); i-- > 0;) {
    if (mounts[i]["/destination"].text().starts_with("/dev")) {
      container.config().remove("/mounts/" + std::to_string(i));
    }
  }
}

std::string Attack::make_volume() const {
  fs::create_directory(path("volume"));
  std::ofstream(path("volume/file")) << "volume";
  return path("volume");
}

}  // namespace gocker::test
