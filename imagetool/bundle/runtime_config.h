// The config.json of an image's container (image-spec, conversion.md).
//
// From the image: env, entrypoint and cmd, user, working directory; labels as annotations, and
// os, architecture, author, created, the stop signal and the exposed ports as the annotations
// org.opencontainers.image.*, which an image's own label of that name overrules. Volumes are
// listed in the annotation io.gocker.image.volumes; nothing is mounted on them. All else is what
// people know from Docker: namespaces, 14 capabilities, masked paths, devices, seccomp.
#pragma once

#include "imagetool/bundle/run_options.h"
#include "oci-spec/image_spec.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// `rootfs` is the image's file system: users are looked up in its /etc/passwd and /etc/group.
// Throws where there is no command, for an unknown user, for a relative working directory.
oci::Spec make_runtime_config(const oci::ImageConfig& image, const RunOptions& options,
                              const RootDir& rootfs);

}  // namespace gocker
