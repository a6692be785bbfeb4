// Where else at a registry a layer may lie already, as far as the store's names tell.
#pragma once

#include <map>
#include <string>

#include "imagetool/registry/registries_conf.h"
#include "imagetool/store/image.h"
#include "imagetool/store/store.h"

namespace gocker {

// For layers of `image` that other images of the store have, too, which are called by names of the
// same registry: the path of such a repository there, by the layer's digest. It is a guess: an
// image may be called so without ever having been there.
std::map<std::string, std::string> mount_sources(const Store& store, const Image& image,
                                                 const Endpoint& target);

}  // namespace gocker
