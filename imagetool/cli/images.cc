#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "imagetool/cli/command.h"
#include "imagetool/cli/template.h"
#include "imagetool/containers/listing.h"
#include "imagetool/platform.h"
#include "imagetool/pull/progress.h"
#include "imagetool/reference.h"
#include "imagetool/store/image.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"format", 0, "table|json|TEMPLATE",
           "a table for people, JSON, or such as '{{.Repository}}:{{.Tag}}'"},
    Option{"quiet", 'q', "", "the digests alone, each once"},
};

// What is shown of an image. One that cannot be read is listed all the same: rm takes it away.
struct Entry {
  ImageName name;
  std::string platform = "damaged";
  std::string created;
  uint64_t size = 0;
};

Entry describe(const Store& store, ImageName name) {
  Entry entry{std::move(name)};
  try {
    const Image image = load_image(store, entry.name.reference, entry.name.digest);
    for (const ImageLayer& layer : image.layers) entry.size += layer.blob.size;
    entry.platform = to_text(image.config.platform);
    entry.created = image.config.created;
  } catch (const std::exception&) {
    // Its platform says so.
  }
  return entry;
}

std::string age_of(const Entry& entry, int64_t now) {
  return entry.created.empty() ? "unknown" : describe_age(entry.created, now) + " ago";
}

std::vector<std::string> row_of(const Entry& entry, int64_t now) {
  const Reference reference = parse_reference(entry.name.reference);
  return {reference.repository(),
          reference.tag.empty() ? "<none>" : reference.tag,
          entry.name.digest.substr(7, 12),
          entry.platform,
          age_of(entry, now),
          human_size(entry.size)};
}

std::vector<nlohmann::ordered_json> to_rows(const std::vector<Entry>& entries) {
  std::vector<nlohmann::ordered_json> rows;
  const int64_t now = std::time(nullptr);
  for (const Entry& entry : entries) {
    const std::vector<std::string> cells = row_of(entry, now);
    rows.push_back({{"Repository", cells[0]},
                    {"Tag", cells[1]},
                    {"ID", cells[2]},
                    {"Digest", entry.name.digest},
                    {"Platform", entry.platform},
                    {"CreatedAt", entry.created},
                    {"CreatedSince", cells[4]},
                    {"Size", cells[5]}});
  }
  return rows;
}

std::string to_table(const std::vector<Entry>& entries) {
  std::vector<std::vector<std::string>> rows = {
      {"REPOSITORY", "TAG", "ID", "PLATFORM", "CREATED", "SIZE"}};
  const int64_t now = std::time(nullptr);
  for (const Entry& entry : entries) rows.push_back(row_of(entry, now));
  return table(rows);
}

std::string to_json(const std::vector<Entry>& entries) {
  auto list = nlohmann::ordered_json::array();
  for (const Entry& entry : entries) {
    list.push_back({{"reference", entry.name.reference},
                    {"digest", entry.name.digest},
                    {"platform", entry.platform},
                    {"created", entry.created},
                    {"size", entry.size}});
  }
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_digests(const std::vector<ImageName>& names) {
  std::vector<std::string> digests;
  digests.reserve(names.size());
  for (const ImageName& name : names) digests.push_back(name.digest);
  std::sort(digests.begin(), digests.end());
  digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
  std::string text;
  for (const std::string& digest : digests) text += digest + "\n";
  return text;
}

void run(const Global& global, const Arguments& arguments) {
  const bool has_template = is_template(arguments);
  const Format format = has_template ? Format::table : table_or_json(arguments);
  const Store store(global.root);
  std::vector<ImageName> names = image_names(store);
  if (arguments.has("quiet")) return print(to_digests(names));
  std::vector<Entry> entries;
  entries.reserve(names.size());
  for (ImageName& name : names) entries.push_back(describe(store, std::move(name)));
  if (has_template) return print(fill_rows(arguments.value("format"), to_rows(entries)));
  print(format == Format::json ? to_json(entries) : to_table(entries));
}

}  // namespace

const Command kImages = {
    "images",
    "",
    "list the images of the store",
    "SIZE is that of the packed layers; ID begins the manifest's digest and serves as a REF.\n",
    kOptions,
    0,
    0,
    run,
};

}  // namespace gocker::cli
