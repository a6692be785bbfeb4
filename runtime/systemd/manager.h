// systemd as seen over D-Bus (org.freedesktop.systemd1(5)).
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

#include "runtime/cgroup/systemd_properties.h"

namespace gocker {

enum class ManagerOf { system, user };

class SystemdManager {
 public:
  // By systemd's own socket where that may be used, else by the bus. Throws where neither works.
  explicit SystemdManager(ManagerOf whose);

  // Makes a transient scope around this process and waits for it to stand. What a former scope of
  // the name left as failed is cleared away; one that is active is an error.
  void start_scope(const std::string& unit, const SystemdProperties& properties);
  // Until the next boot. Nothing where there are none.
  void set_properties(const std::string& unit, const SystemdProperties& properties);
  // Into the scope's group or one below. A user's systemd asks the system's where the process comes
  // from a group that is not the user's.
  void move_in(const std::string& unit, const ScopeMember& member);

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
  };
  std::string ask_for_scope(const std::string& unit, const SystemdProperties& properties);
  void reset_failed(const std::string& unit);
  void wait_for_job(const std::string& job);

  std::unique_ptr<sd_bus, Close> bus_;
  bool is_direct_ = false;  // systemd's own socket
};

}  // namespace gocker
