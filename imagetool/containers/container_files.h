// The files of a container, running or not, and a process that may touch them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "imagetool/containers/places.h"
#include "imagetool/containers/transition.h"
#include "imagetool/store/lease.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

class ContainerFiles {
 public:
  // As the container's first process sees them, what is mounted included; of one that does not run,
  // its root file system alone, mounted as long as the object lives. The latter can be neither
  // started nor removed meanwhile.
  ContainerFiles(const Places& places, const std::string& id);
  ContainerFiles(const ContainerFiles&) = delete;
  ContainerFiles& operator=(const ContainerFiles&) = delete;
  ~ContainerFiles();

  const RootDir& root() const { return root_; }
  // Of its user namespace; empty: the host's.
  const IdMaps& id_maps() const { return id_maps_; }

 private:
  const std::string bundle_;
  std::optional<Transition> transition_;  // of one that does not run
  RootDir root_;
  IdMaps id_maps_;
};

// Work on a container's files in a process of its own, which is root of the container's user
// namespace: there the files belong to whom they belong to in the container, and no others can be
// touched. The caller has one thread.
class ContainerSide {
 public:
  ContainerSide(const IdMaps& id_maps, const std::function<void()>& work);

  // Waits for its end and throws the Error that `work` threw, if any.
  void finish();

 private:
  Child child_;
  Fd failure_;
};

}  // namespace gocker
