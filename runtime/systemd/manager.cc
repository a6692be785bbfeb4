#include "runtime/systemd/manager.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnitExists = "org.freedesktop.systemd1.UnitExists";
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::seconds kTimeToForget{2};
constexpr useconds_t kPause = 10'000;
constexpr const char* kNoUsersSystemd =
    "reach this user's systemd (let `loginctl enable-linger` start it and set XDG_RUNTIME_DIR, or "
    "use "
    "--cgroup-manager cgroupfs)";

struct Unref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, Unref>;

// What sd-bus returns: a negative errno where it failed.
int check_bus(int result, const char* action) {
  if (result < 0) throw Error(std::string(action) + ": " + errno_text(-result), -result);
  return result;
}

class BusError {
 public:
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error_); }

  sd_bus_error* get() { return &error_; }
  bool is(const char* name) const { return sd_bus_error_has_name(&error_, name) != 0; }
  // systemd's words, without the full stop that some of them have.
  std::string text(int result) const {
    std::string text = error_.message == nullptr ? errno_text(-result) : error_.message;
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

Message new_call(sd_bus* bus, const char* method) {
  sd_bus_message* message = nullptr;
  check_bus(sd_bus_message_new_method_call(bus, &message, kService, kPath, kManager, method),
            "make a message");
  return Message(message);
}

template <class Number>
void append_number(sd_bus_message* message, char type, const std::string& text) {
  const auto value = parse_i64(text);
  if (!value || !std::in_range<Number>(*value)) throw Error("\"" + text + "\" is out of range");
  const auto number = static_cast<Number>(*value);
  check_bus(sd_bus_message_append_basic(message, type, &number), "append a number");
}

void append_basic(sd_bus_message* message, char type, const std::string& text) {
  switch (type) {
    case 's':
      check_bus(sd_bus_message_append_basic(message, 's', text.c_str()), "append a text");
      return;
    case 'b': {
      const int value = text == "true" ? 1 : 0;
      check_bus(sd_bus_message_append_basic(message, 'b', &value), "append a truth value");
      return;
    }
    case 't': {
      const auto value = parse_u64(text);
      if (!value) throw Error("\"" + text + "\" is no number");
      check_bus(sd_bus_message_append_basic(message, 't', &*value), "append a number");
      return;
    }
    case 'y':
      return append_number<uint8_t>(message, type, text);
    case 'i':
      return append_number<int32_t>(message, type, text);
    case 'u':
      return append_number<uint32_t>(message, type, text);
    case 'x':
      return append_number<int64_t>(message, type, text);
    default:
      throw Error(std::string("unknown type \"") + type + "\"");
  }
}

void append_value(sd_bus_message* message, const SystemdProperty& property) {
  const std::string& signature = property.signature;
  if (signature.starts_with('a') && signature.size() == 2) {
    check_bus(sd_bus_message_open_container(message, 'a', &signature[1]), "open an array");
    for (const std::string& value : property.values) append_basic(message, signature[1], value);
    check_bus(sd_bus_message_close_container(message), "close an array");
    return;
  }
  if (signature.size() != 1 || property.values.size() != 1) throw Error("not one value");
  append_basic(message, signature[0], property.values.front());
}

void append_property(sd_bus_message* message, const SystemdProperty& property) {
  const Doing doing("property", property.name);
  check_bus(sd_bus_message_open_container(message, 'r', "sv"), "open a structure");
  append_basic(message, 's', property.name);
  check_bus(sd_bus_message_open_container(message, 'v', property.signature.c_str()),
            "open a variant");
  append_value(message, property);
  check_bus(sd_bus_message_close_container(message), "close a variant");
  check_bus(sd_bus_message_close_container(message), "close a structure");
}

void append_properties(sd_bus_message* message, const SystemdProperties& properties) {
  check_bus(sd_bus_message_open_container(message, 'a', "(sv)"), "open the properties");
  for (const SystemdProperty& property : properties) append_property(message, property);
  check_bus(sd_bus_message_close_container(message), "close the properties");
}

Message call(sd_bus* bus, sd_bus_message* message, BusError& error) {
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call(bus, message, 0, error.get(), &reply);
  if (result < 0) throw Error(error.text(result), -result);
  return Message(reply);
}

// A job that has ended, "" for any other signal of systemd's.
struct EndedJob {
  std::string path;
  std::string result;  // done, failed, canceled, timeout, ...
};

EndedJob read_ended_job(sd_bus_message* message) {
  if (sd_bus_message_is_signal(message, kManager, "JobRemoved") <= 0) return {};
  uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  check_bus(sd_bus_message_read(message, "uoss", &id, &path, &unit, &result), "read a signal");
  return {path, result};
}

// What pam_systemd(8) makes of it, where a caller with an environment of its own has left it out.
std::string users_runtime_folder() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder != nullptr ? folder : "/run/user/" + std::to_string(::geteuid());
}

sd_bus* connect_directly(ManagerOf whose) {
  const std::string folder = whose == ManagerOf::user ? users_runtime_folder() : "/run";
  sd_bus* bus = nullptr;
  check_bus(sd_bus_new(&bus), "make a connection");
  if (sd_bus_set_address(bus, ("unix:path=" + folder + "/systemd/private").c_str()) >= 0 &&
      sd_bus_start(bus) >= 0) {
    return bus;
  }
  return sd_bus_unref(bus);
}

sd_bus* connect_by_bus(ManagerOf whose) {
  sd_bus* bus = nullptr;
  const int result = whose == ManagerOf::user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
  check_bus(result, whose == ManagerOf::user ? kNoUsersSystemd : "reach systemd");
  return bus;
}

}  // namespace

SystemdManager::SystemdManager(ManagerOf whose) : bus_(connect_directly(whose)) {
  is_direct_ = bus_ != nullptr;
  if (!is_direct_) bus_.reset(connect_by_bus(whose));
}

std::string SystemdManager::ask_for_scope(const std::string& unit,
                                          const SystemdProperties& properties) {
  SystemdProperties all = properties;
  all.push_back({"PIDs", "au", {std::to_string(::getpid())}});
  // A former scope of the name that has ended takes systemd a moment to forget.
  const auto deadline = Clock::now() + kTimeToForget;
  while (true) {
    const Message message = new_call(bus_.get(), "StartTransientUnit");
    check_bus(sd_bus_message_append(message.get(), "ss", unit.c_str(), "fail"), "append");
    append_properties(message.get(), all);
    check_bus(sd_bus_message_append(message.get(), "a(sa(sv))", 0), "append");
    BusError error;
    try {
      const Message reply = call(bus_.get(), message.get(), error);
      const char* job = nullptr;
      check_bus(sd_bus_message_read(reply.get(), "o", &job), "read the answer");
      return job;
    } catch (const Error&) {
      if (!error.is(kUnitExists) || Clock::now() >= deadline) throw;
    }
    reset_failed(unit);
    ::usleep(kPause);
  }
}

// Whether there was anything to reset does not matter.
void SystemdManager::reset_failed(const std::string& unit) {
  const Message message = new_call(bus_.get(), "ResetFailedUnit");
  check_bus(sd_bus_message_append(message.get(), "s", unit.c_str()), "append");
  BusError ignored;
  sd_bus_call(bus_.get(), message.get(), 0, ignored.get(), nullptr);
}

void SystemdManager::wait_for_job(const std::string& job) {
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline) {
    sd_bus_message* received = nullptr;
    const int busy = check_bus(sd_bus_process(bus_.get(), &received), "read from systemd");
    const Message message(received);
    if (message != nullptr) {
      const EndedJob ended = read_ended_job(message.get());
      if (ended.path != job) continue;
      if (ended.result == "done") return;
      throw Error("the job ended with \"" + ended.result + "\"");
    }
    if (busy != 0) continue;
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now()).count();
    if (left <= 0) break;
    check_bus(sd_bus_wait(bus_.get(), static_cast<uint64_t>(left)), "wait for systemd");
  }
  throw Error("systemd did not make it within 30 seconds");
}

void SystemdManager::start_scope(const std::string& unit, const SystemdProperties& properties) {
  if (!is_direct_) {
    BusError error;
    call(bus_.get(), new_call(bus_.get(), "Subscribe").get(), error);
    check_bus(sd_bus_match_signal(bus_.get(), nullptr, kService, kPath, kManager, "JobRemoved",
                                  nullptr, nullptr),
              "ask for signals");
  }
  wait_for_job(ask_for_scope(unit, properties));
}

void SystemdManager::set_properties(const std::string& unit, const SystemdProperties& properties) {
  if (properties.empty()) return;
  const Message message = new_call(bus_.get(), "SetUnitProperties");
  check_bus(sd_bus_message_append(message.get(), "sb", unit.c_str(), 1), "append");
  append_properties(message.get(), properties);
  BusError error;
  call(bus_.get(), message.get(), error);
}

void SystemdManager::move_in(const std::string& unit, const ScopeMember& member) {
  const Message message = new_call(bus_.get(), "AttachProcessesToUnit");
  check_bus(sd_bus_message_append(message.get(), "ssau", unit.c_str(), member.group.c_str(), 1,
                                  static_cast<uint32_t>(member.pid)),
            "append");
  BusError error;
  call(bus_.get(), message.get(), error);
}

}  // namespace gocker
