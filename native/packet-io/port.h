// A UDP socket in the event loop of one thread: waits until datagrams are there, takes them in batches, has JavaScript answer each
// batch in one call, and sends the replies. The core does the work; this connects it with libuv and Node-API.
// Life: open() makes it, close() or the end of the thread's environment ends it, whichever comes first. A worker thread that dies
// does not close descriptors by itself, and one that stays open keeps its share of the port's clients without answering them;
// hence the cleanup hook.

#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "core/batch.h"
#include "core/open.h"

namespace packet_io {

class Port : public std::enable_shared_from_this<Port> {
 public:
  struct Callbacks {
    /** (count): datagrams are in memory; the reply sizes are to be there when it returns. */
    Napi::Function receive;
    /** (refused, overflowed, receiveErrors): what was lost since the last call. */
    Napi::Function lose;
  };

  /** Takes `fd` over. Null if the event loop does not accept it (then it is closed). */
  static std::shared_ptr<Port> Open(Napi::Env env, int fd, const LocalName& name, Napi::ArrayBuffer memory,
                                    const Layout& layout, bool sends_trains, const Callbacks& callbacks);

  Port(Napi::Env env, int fd, const LocalName& name, uint8_t* memory, const Layout& layout, bool sends_trains);
  ~Port();

  const LocalName& name() const { return name_; }
  uint32_t KernelDrops() const;

  /** Frees the port at once. May be called from within a callback, and again. */
  void Close();

 private:
  static void OnReady(uv_poll_t* poll, int status, int events);
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);

  bool Start(Napi::ArrayBuffer memory, const Callbacks& callbacks);
  void Turn();
  /** False if JavaScript threw or may not run any more. */
  bool Call(const Napi::FunctionReference& function, const napi_value* arguments, size_t count);
  bool ReportLosses();
  void Release();

  Napi::Env env_;
  int fd_;
  const LocalName name_;
  Batch batch_;
  uv_poll_t poll_{};
  Napi::Reference<Napi::ArrayBuffer> memory_;
  Napi::FunctionReference receive_;
  Napi::FunctionReference lose_;
  std::unique_ptr<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  /** Keeps this alive until libuv has let go of poll_. */
  std::shared_ptr<Port> self_;
  bool is_in_turn_ = false;
};

}  // namespace packet_io
