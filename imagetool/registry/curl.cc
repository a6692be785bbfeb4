#include "imagetool/registry/curl.h"

#include <dlfcn.h>

#include <string>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";

template <class Function>
void find(void* library, const char* name, Function& function) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr) {
    throw Error(std::string("load ").append(kLibrary).append(": it has no ").append(name));
  }
  function = reinterpret_cast<Function>(symbol);
}

Curl load() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(std::string("load ").append(::dlerror()).append(" (install libcurl4)"));
  }
  Curl table{};
  find(library, "curl_global_init", table.global_init);
  find(library, "curl_easy_init", table.easy_init);
  find(library, "curl_easy_setopt", table.easy_setopt);
  find(library, "curl_easy_getinfo", table.easy_getinfo);
  find(library, "curl_easy_cleanup", table.easy_cleanup);
  find(library, "curl_easy_strerror", table.easy_strerror);
  find(library, "curl_multi_init", table.multi_init);
  find(library, "curl_multi_add_handle", table.multi_add_handle);
  find(library, "curl_multi_remove_handle", table.multi_remove_handle);
  find(library, "curl_multi_perform", table.multi_perform);
  find(library, "curl_multi_poll", table.multi_poll);
  find(library, "curl_multi_info_read", table.multi_info_read);
  find(library, "curl_multi_cleanup", table.multi_cleanup);
  find(library, "curl_multi_strerror", table.multi_strerror);
  find(library, "curl_slist_append", table.slist_append);
  find(library, "curl_slist_free_all", table.slist_free_all);
  if (table.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error(std::string("load ").append(kLibrary).append(": it fails to start"));
  }
  return table;
}

}  // namespace

const Curl& curl() {
  static const Curl table = load();
  return table;
}

}  // namespace gocker
