#include "runtime/checkpoint/criu_message.h"

#include <limits>

#include "runtime/base/error.h"

namespace gocker {
namespace {

enum class WireType : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
constexpr unsigned kTypeBits = 3;

// criu_req_type's value of a notification and of its answer.
constexpr unsigned kNotify = 6;

// Fields of criu_req, criu_opts and criu_resp that are named more than once.
constexpr unsigned kRequestType = 1;
constexpr unsigned kRequestOptions = 2;
constexpr unsigned kNotifySuccess = 3;

class MessageWriter {
 public:
  void number(unsigned field, int64_t value) {
    varint(static_cast<uint64_t>(field) << kTypeBits);
    varint(static_cast<uint64_t>(value));
  }
  // False is what an absent one means.
  void flag(unsigned field, bool value) {
    if (value) number(field, 1);
  }
  void bytes(unsigned field, std::string_view value) {
    varint(static_cast<uint64_t>(field) << kTypeBits | static_cast<unsigned>(WireType::bytes));
    varint(value.size());
    text_.append(value);
  }
  void text(unsigned field, std::string_view value) {
    if (!value.empty()) bytes(field, value);
  }
  void pairs(unsigned field, const std::vector<std::pair<std::string, std::string>>& values) {
    for (const auto& [first, second] : values) {
      MessageWriter pair;
      pair.bytes(1, first);
      pair.bytes(2, second);
      bytes(field, pair.text_);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  void varint(uint64_t value) {
    constexpr unsigned kMore = 0x80;
    for (; value >= kMore; value >>= 7) text_ += static_cast<char>(value | kMore);
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

void write_files(MessageWriter& message, const CriuOptions& options) {
  message.number(1, options.images);
  message.number(17, options.work);
  message.text(10, options.log_file);
  constexpr int kAll = 4;  // what a failed dump needs to be understood
  message.number(9, kAll);
  message.text(14, options.parent_images);
  message.text(51, options.config_file);
}

void write_choices(MessageWriter& message, const CriuOptions& options) {
  message.flag(3, options.leave_running);
  message.flag(4, options.ext_unix_sk);
  message.flag(5, options.tcp_established);
  message.flag(7, options.shell_job);
  message.flag(8, options.file_locks);
  message.flag(16, options.auto_dedup);
  message.flag(48, options.lazy_pages);
  message.flag(52, options.tcp_close);
  message.flag(24, options.cgroups != CriuCgroups::ignore);
  message.number(34, static_cast<unsigned>(options.cgroups));
  if (options.empty_namespaces != 0) message.number(38, options.empty_namespaces);
  if (options.status_fd >= 0) message.number(49, options.status_fd);
  message.text(53, options.lsm_profile);
  message.text(63, options.lsm_mount_context);
  if (options.page_server_port != 0) {
    MessageWriter server;
    server.text(1, options.page_server_address);
    server.number(2, options.page_server_port);
    message.bytes(11, server.take());
  }
}

void write_container(MessageWriter& message, const CriuOptions& options) {
  if (options.pid > 0) message.number(2, options.pid);
  message.flag(12, true);  // notify_scripts
  message.flag(50, true);  // orphan_pts_master: whoever holds the terminal is no part of it
  message.text(13, options.root);
  message.flag(15, options.track_memory);
  message.flag(26, options.restore_as_sibling);
  message.text(44, options.freezer);
  message.pairs(23, options.external_mounts);
  for (const auto& [controller, path] : options.cgroup_roots) {
    MessageWriter root;
    root.text(1, controller);
    root.bytes(2, path);
    message.bytes(25, root.take());
  }
  for (const auto& [name, descriptor] : options.inherited) {
    MessageWriter file;
    file.bytes(1, name);
    file.number(2, descriptor);
    message.bytes(27, file.take());
  }
  for (const std::string& name : options.external) message.bytes(37, name);
  message.pairs(39, options.joined_namespaces);
}

class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}

  // False at the end.
  bool next() {
    if (rest_.empty()) return false;
    const uint64_t key = varint();
    field_ = key >> kTypeBits;
    constexpr unsigned kTypeMask = (1U << kTypeBits) - 1;
    switch (static_cast<WireType>(key & kTypeMask)) {
      case WireType::varint:
        number_ = varint();
        return true;
      case WireType::bytes:
        bytes_ = take(varint());
        return true;
      case WireType::fixed64:
        take(sizeof(uint64_t));
        return true;
      case WireType::fixed32:
        take(sizeof(uint32_t));
        return true;
    }
    throw_damaged();
  }

  uint64_t field() const { return field_; }
  bool flag() const { return number_ != 0; }
  std::string_view bytes() const { return bytes_; }
  // An int32, which travels as 64 bits.
  int integer() const {
    const auto value = static_cast<int64_t>(number_);
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
      throw_damaged();
    }
    return static_cast<int>(value);
  }

 private:
  [[noreturn]] static void throw_damaged() { throw Error("CRIU's answer is not understood"); }

  std::string_view take(uint64_t size) {
    if (size > rest_.size()) throw_damaged();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    throw_damaged();
  }

  std::string_view rest_;
  uint64_t field_ = 0;
  uint64_t number_ = 0;
  std::string_view bytes_;
};

void read_notification(std::string_view bytes, CriuReply& reply) {
  MessageReader notification(bytes);
  while (notification.next()) {
    if (notification.field() == 1) reply.script = notification.bytes();
    if (notification.field() == 2) reply.pid = notification.integer();
  }
}

void read_restored(std::string_view bytes, CriuReply& reply) {
  MessageReader restored(bytes);
  while (restored.next()) {
    if (restored.field() == 1) reply.pid = restored.integer();
  }
}

}  // namespace

std::string encode(CriuRequest type, const CriuOptions& options) {
  MessageWriter fields;
  write_files(fields, options);
  write_choices(fields, options);
  write_container(fields, options);
  MessageWriter request;
  request.number(kRequestType, static_cast<unsigned>(type));
  request.bytes(kRequestOptions, fields.take());
  return request.take();
}

std::string encode_notification_answer(bool success) {
  MessageWriter answer;
  answer.number(kRequestType, kNotify);
  answer.number(kNotifySuccess, success ? 1 : 0);
  return answer.take();
}

CriuReply parse_criu_reply(std::string_view bytes) {
  CriuReply reply;
  MessageReader message(bytes);
  while (message.next()) {
    switch (message.field()) {
      case 1:
        reply.is_notification = message.integer() == kNotify;
        break;
      case 2:
        reply.success = message.flag();
        break;
      case 4:
        read_restored(message.bytes(), reply);
        break;
      case 5:
        read_notification(message.bytes(), reply);
        break;
      case 7:
        reply.code = message.integer();
        break;
      case 9:
        reply.message = message.bytes();
        break;
      default:
        break;  // of newer versions
    }
  }
  return reply;
}

}  // namespace gocker
