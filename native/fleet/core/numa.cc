// Declarations are those of numa(3); the library is opened by its stable name.

#include "numa.h"

#include <dlfcn.h>

namespace fleet {
namespace {

struct Library {
  int (*available)() = nullptr;
  int (*max_node)() = nullptr;
  int (*run_on_node)(int) = nullptr;
  void (*set_localalloc)() = nullptr;

  Library() {
    void* handle = dlopen("libnuma.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return;
    available = reinterpret_cast<int (*)()>(dlsym(handle, "numa_available"));
    max_node = reinterpret_cast<int (*)()>(dlsym(handle, "numa_max_node"));
    run_on_node = reinterpret_cast<int (*)(int)>(dlsym(handle, "numa_run_on_node"));
    set_localalloc = reinterpret_cast<void (*)()>(dlsym(handle, "numa_set_localalloc"));
  }

  bool IsUsable() const {
    return available != nullptr && max_node != nullptr && run_on_node != nullptr && set_localalloc != nullptr && available() >= 0;
  }
};

const Library& Numa() {
  static const Library library;
  return library;
}

}  // namespace

unsigned NumaNodes() { return Numa().IsUsable() ? static_cast<unsigned>(Numa().max_node()) + 1 : 1; }

void RunOnNode(unsigned node) {
  if (!Numa().IsUsable()) return;
  // A node without cores refuses: the thread then stays where the system puts it.
  if (Numa().run_on_node(static_cast<int>(node)) == 0) Numa().set_localalloc();
}

}  // namespace fleet
