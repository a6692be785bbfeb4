#include <algorithm>
#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/pull/progress.h"
#include "imagetool/store/image.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"no-trunc", 0, "", "instructions in full"},
};

constexpr size_t kWidth = 60;

// The text in one line of at most kWidth bytes, cut between characters.
std::string shortened(const std::string& text) {
  if (text.size() <= kWidth) return text;
  size_t end = kWidth - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return text;
}

// The newest first. Layers that the history says nothing of are those of the base.
std::string to_table(const Image& image, bool in_full) {
  const std::vector<oci::History>& history = image.config.history;
  const auto told = static_cast<size_t>(
      std::count_if(history.begin(), history.end(),
                    [](const oci::History& entry) { return !entry.empty_layer; }));
  std::vector<std::vector<std::string>> rows;
  auto layer = image.layers.begin();
  for (size_t untold = told; untold < image.layers.size(); ++untold) {
    rows.push_back({"", "(unknown)", human_size((layer++)->blob.size), ""});
  }
  for (const oci::History& entry : history) {
    std::string size = "0 B";
    if (!entry.empty_layer && layer != image.layers.end()) size = human_size((layer++)->blob.size);
    const std::string text = one_line(entry.created_by);
    rows.push_back({entry.created.substr(0, 19), in_full ? text : shortened(text), size,
                    one_line(entry.comment)});
  }
  rows.push_back({"CREATED", "CREATED BY", "SIZE", "COMMENT"});
  std::reverse(rows.begin(), rows.end());
  return table(rows);
}

void run(const Global& global, const Arguments& arguments) {
  const Store store(global.root);
  const Image image = find_image(store, arguments.positionals()[0]);
  print(to_table(image, arguments.has("no-trunc")));
}

}  // namespace

const Command kHistory = {
    "history",
    "REF",
    "show the steps that an image was made by, the newest first",
    "SIZE is that of the packed layer.\n",
    kOptions,
    1,
    1,
    run,
};

}  // namespace gocker::cli
