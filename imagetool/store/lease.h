// Leases: what of the store a bundle uses. A leased image keeps its blobs and layers, whatever
// happens to its name; rm, prune and gc name the bundle that holds them.
//
// A lease is recorded after the bundle's directory was made and before anything of the store is
// mounted in it. A lease whose directory is gone counts as given back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/store.h"
#include "oci-spec/runtime_spec.h"

namespace gocker {

// The ids of a bundle's user namespace: inside, and outside, where no other's are to be the same.
struct IdMaps {
  std::vector<oci::IdMapping> uids;
  std::vector<oci::IdMapping> gids;

  bool empty() const { return uids.empty(); }
};

struct Lease {
  std::string directory;               // the bundle: absolute, without symlinks
  std::string reference;               // the image's name when the lease was taken
  std::string digest;                  // the image's manifest
  std::vector<std::string> chain_ids;  // of the layers that are mounted, the base first
  std::string boot_id;                 // of the boot in which they were mounted last
  IdMaps id_maps;                      // empty: those of the host
  bool ephemeral = false;  // means nothing after a power loss, so it is not synced (nor recorded)
};

// Takes the store's exclusive lock. Throws where a layer or the manifest is not in the store (an
// image that was removed meanwhile). A directory's earlier lease is replaced. `complete`, where
// given, may fill in what depends on all other living leases, which it gets. Returns what was
// recorded.
using LeaseCompletion = std::function<void(Lease& lease, const std::vector<Lease>& others)>;
Lease record_lease(const Store& store, Lease lease, const LeaseCompletion& complete = {});

// Nothing where `directory` has none.
std::optional<Lease> find_lease(const Store& store, std::string_view directory);

// Takes the exclusive lock; fine where there is none.
void drop_lease(const Store& store, std::string_view directory);

// Those whose directory is there, sorted by directory.
std::vector<Lease> leases(const Store& store);

// Removes the records of those whose directory is gone. The caller holds the exclusive lock.
void remove_dead_leases(const Store& store);

// /proc/sys/kernel/random/boot_id, without the newline.
std::string current_boot_id();

}  // namespace gocker
