#include "tests/unit/imagetool/layer/raw_tar.h"

#include <cstdio>
#include <cstring>

namespace gocker::tests {
namespace {

// Octal digits and a NUL; what is too large goes as GNU's base 256.
void put_number(std::string& header, size_t offset, size_t length, uint64_t value) {
  if (value < (uint64_t{1} << (3 * (length - 1)))) {
    std::snprintf(header.data() + offset, length, "%0*llo", static_cast<int>(length - 1),
                  static_cast<unsigned long long>(value));
    return;
  }
  for (size_t i = 0; i < length; ++i) {
    header[offset + length - 1 - i] = static_cast<char>(i < 8 ? value >> (8 * i) & 0xff : 0);
  }
  header[offset] = static_cast<char>(0x80);
}

}  // namespace

RawEntry file(std::string name, std::string content, mode_t mode) {
  return {.name = std::move(name), .type = '0', .content = std::move(content), .mode = mode};
}
RawEntry directory(std::string name, mode_t mode) {
  return {.name = std::move(name), .type = '5', .mode = mode};
}
RawEntry symlink(std::string name, std::string target) {
  return {.name = std::move(name), .type = '2', .link = std::move(target), .mode = 0777};
}
RawEntry hardlink(std::string name, std::string target) {
  return {.name = std::move(name), .type = '1', .link = std::move(target)};
}
RawEntry device(std::string name, char type, unsigned major, unsigned minor) {
  return {.name = std::move(name), .type = type, .major = major, .minor = minor};
}

std::string padded(std::string content) {
  content.resize((content.size() + kTarBlock - 1) / kTarBlock * kTarBlock, '\0');
  return content;
}

std::string raw_header(const RawEntry& entry, uint64_t size) {
  std::string header(kTarBlock, '\0');
  header.replace(0, std::min<size_t>(entry.name.size(), 100), entry.name, 0, 100);
  put_number(header, 100, 8, entry.mode);
  put_number(header, 108, 8, entry.uid);
  put_number(header, 116, 8, entry.gid);
  put_number(header, 124, 12, size);
  put_number(header, 136, 12, static_cast<uint64_t>(entry.mtime));
  header[156] = entry.type;
  header.replace(157, std::min<size_t>(entry.link.size(), 100), entry.link, 0, 100);
  header.replace(257, 8, std::string("ustar\00000", 8));
  put_number(header, 329, 8, entry.major);
  put_number(header, 337, 8, entry.minor);
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  std::snprintf(header.data() + 148, 8, "%06o", sum);
  header[155] = ' ';
  return header;
}

std::string pax_records(const std::vector<std::pair<std::string, std::string>>& records) {
  std::string all;
  for (const auto& [key, value] : records) {
    const std::string tail = " " + key + "=" + value + "\n";
    size_t length = tail.size() + 1;
    while (std::to_string(length).size() + tail.size() != length) ++length;
    all += std::to_string(length) + tail;
  }
  return all;
}

std::string raw_entry(const RawEntry& entry) {
  std::string bytes;
  if (!entry.pax.empty()) {
    const std::string records = pax_records(entry.pax);
    bytes += raw_header({.name = "pax", .type = 'x'}, records.size()) + padded(records);
  }
  return bytes + raw_header(entry, entry.content.size()) + padded(entry.content);
}

std::string raw_tar(const std::vector<RawEntry>& entries) {
  std::string archive;
  for (const RawEntry& entry : entries) archive += raw_entry(entry);
  return archive + std::string(2 * kTarBlock, '\0');
}

}  // namespace gocker::tests
