#include "imagetool/containers/start.h"

#include <fcntl.h>

#include "imagetool/bundle/bundle.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/monitor.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/wiring.h"
#include "imagetool/store/lease.h"
#include "imagetool/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// A start in the making: what it has taken is given back unless keep() is called.
class Draft {
 public:
  Draft(const Places& places, ContainerRecord& record)
      : places_(places), record_(record), before_(record) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (!kept_) undo();
  }
  void keep() { kept_ = true; }

 private:
  // The error that led here is the one to tell; the next command tries again.
  void undo() noexcept {
    try {
      record_ = before_;
      record_.waits_to_restart = false;
      write_record(places_, record_);
      kill_monitor(places_, record_.id);
      release_resources(places_, record_.id);
      announce_end(places_, record_.id, std::nullopt);
    } catch (const std::exception&) {
      return;
    }
  }

  const Places& places_;
  ContainerRecord& record_;
  const ContainerRecord before_;
  bool kept_ = false;
};

void note_start(ContainerRecord& record) {
  record.started = rfc3339_now();
  record.finished.clear();
  record.exit_code.reset();
  record.boot_id = current_boot_id();
  record.stopped = false;
  record.waits_to_restart = false;
}

// What a reboot or a start that was cut off may have left.
void clear_earlier_start(const Places& places, const ContainerRecord& record) {
  const bool was_cut_off = static_cast<bool>(open_if_exists(places.monitor(record.id), O_PATH));
  if (was_cut_off) kill_monitor(places, record.id);
  if (was_cut_off || !record.started.empty()) OciRuntime(places).remove(record.id);
}

}  // namespace

void start_container(const Places& places, ContainerRecord& record,
                     const std::function<void()>& on_created) {
  const Doing doing("start container", record.id);
  const OciRuntime runtime(places);
  Draft draft(places, record);
  clear_earlier_start(places, record);
  mount_bundle(Store(places.root), places.bundle(record.id));
  const std::vector<Fd> ports = connect_network(places, record);
  set_keeper(places, record.id, start_monitor(places, record, ports));
  if (on_created) on_created();
  note_start(record);
  write_record(places, record);
  runtime.start(record.id);
  draft.keep();
}

}  // namespace gocker
