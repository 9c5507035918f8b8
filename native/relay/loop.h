// A relay in the event loop of one thread: libuv watches the descriptor of the relay's epoll instance; what happened is told to JavaScript
// in one call a turn, which takes the events out of memory that both share.
// Life: Open makes it, Close or the end of the thread's environment ends it, whichever comes first.

#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "core/relay.h"

namespace relay {

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  /** `memory`: where events are put. Null if the system or the event loop does not give what it needs. */
  static std::shared_ptr<Loop> Open(Napi::Env env, Napi::ArrayBuffer memory, Napi::Function turn);

  explicit Loop(Napi::Env env);

  /** Null once it is closed. */
  Relay* relay() const { return relay_.get(); }
  /** Moves the oldest events into memory; how many. */
  size_t TakeEvents();
  /** Resets all connections. May be called from within a callback, and again. */
  void Close();

 private:
  static void OnReady(uv_poll_t* poll, int status, int events);
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);

  bool Start(Napi::ArrayBuffer memory, Napi::Function turn);
  void Tell();
  void Release();

  Napi::Env env_;
  std::unique_ptr<Relay> relay_;
  uv_poll_t poll_{};
  Napi::Reference<Napi::ArrayBuffer> memory_;
  Event* events_ = nullptr;
  size_t most_events_ = 0;
  Napi::FunctionReference turn_;
  std::unique_ptr<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  /** Keeps this alive until libuv has let go of poll_. */
  std::shared_ptr<Loop> self_;
  bool is_in_turn_ = false;
};

}  // namespace relay
