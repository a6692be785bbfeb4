// Folders of containers of a test's own, with records as if something had made the containers.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "imagetool/containers/places.h"
#include "imagetool/containers/record.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/imagetool/error_of.h"

namespace gocker {

class ContainersTest : public testing::Test {
 protected:
  ContainerRecord add(const std::string& id, const std::string& created = "2026-01-01T00:00:00Z") {
    make_directories(places_.container(id), 0700);
    ContainerRecord record;
    record.id = id;
    record.made = true;
    record.created = created;
    write_record(places_, record);
    return record;
  }

  std::string record_file(const std::string& id) const {
    return places_.container(id) + "/record.json";
  }

  const TempDir folder_;
  const Places places_ =
      make_places(folder_.path() + "/root", folder_.path() + "/run", "/bin/true");
};

}  // namespace gocker
