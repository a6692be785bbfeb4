// The readers of config.json's parts that more than one file needs.
#pragma once

#include "oci-spec/json_fields.h"
#include "oci-spec/runtime_spec.h"

namespace oci {

// 4294967295 is -1, "no id" for every system call that takes one.
inline constexpr Between<uint32_t> kIds{0, 4294967294};

void read_namespace(const Fields& fields, Namespace& space);
void read_id_mapping(const Fields& fields, IdMapping& mapping);
void read_resources(const Fields& fields, Resources& resources);
void read_seccomp(const Fields& fields, Seccomp& seccomp);
void read_linux(const Fields& fields, Linux& linux);

}  // namespace oci
