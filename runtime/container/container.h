// Containers as they are found below the state root (--root): ROOT/ID/ with
//   state.json   the record, replaced atomically
//   config.json  the configuration as it was at create (it is never read from the bundle again)
//   go, result   the gate at which a created container waits (runtime/launch/start_gate.h)
// The directory itself is locked by flock(2) while a command changes the container; `state` and
// `list` take no lock, as hooks call them while create holds it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "oci-spec/state.h"
#include "runtime/base/fd.h"
#include "runtime/container/record.h"

namespace gocker {

// The directory that holds all containers: made 0700 where it is missing, refused where another
// user owns it or others may write to it.
class StateRoot {
 public:
  explicit StateRoot(const std::string& path);
  const Fd& fd() const { return fd_; }
  const std::string& path() const { return path_; }
  uid_t owner() const { return owner_; }  // the runtime's user
  std::vector<std::string> ids() const;   // sorted

 private:
  std::string path_;
  Fd fd_;
  uid_t owner_;
};

// Letters, digits and "_+-.", not starting with a dot; throws an Error that says so.
void check_container_id(const std::string& id);

enum class Locking { none, exclusive };

class Container {
 public:
  // Throws "container "ID" does not exist" where it is absent (engines match these words).
  static Container load(const StateRoot& root, const std::string& id, Locking locking);
  static std::optional<Container> load_if_exists(const StateRoot& root, const std::string& id,
                                                 Locking locking);
  // Makes ROOT/ID with a record of a container that is being created, locked. A half-made
  // container whose creator was killed is cleared away first; any other one of that id is an error.
  static Container make(const StateRoot& root, const ContainerRecord& record,
                        std::string_view config_json);

  const ContainerRecord& record() const { return record_; }
  const Fd& directory() const { return directory_; }

  oci::Status status() const;
  oci::State state() const { return state(status()); }
  oci::State state(oci::Status status) const;
  oci::StateReport report() const;
  // The first process, held by pidfd; invalid where it is gone.
  Fd open_process() const;
  oci::Spec load_config() const;

  void save(ContainerRecord record);  // replaces state.json
  void unlock() const;                // other commands may change it from now on
  bool lock() const;                  // again; false where it was deleted meanwhile

  // Kills what runs in it, removes its groups and its directory, then runs the poststop hooks,
  // whose failures are only logged. Idempotent on all that is half-made.
  void destroy();
  void remove_directory() const;

 private:
  Container(Fd root, Fd directory, ContainerRecord record);

  Fd root_;
  Fd directory_;
  ContainerRecord record_;
};

}  // namespace gocker
