// A UDP socket in the event loop of one thread: waits until datagrams are there, takes them in batches, has JavaScript answer each
// batch in one call, and sends the replies. The core does the work; this connects it with libuv and Node-API.
// Staying: while the loop has nothing else to do, a turn does not go back to it after each batch but sleeps by itself until datagrams
// come or the loop has an event, a timer or anything else. What a pass of the loop costs, two calls of the system and the callbacks
// of Node around them, is saved for each query that comes alone.
// Life: open() makes it, close() or the end of the thread's environment ends it, whichever comes first. A worker thread that dies
// does not close descriptors by itself, and one that stays open keeps its share of the port's clients without answering them;
// hence the cleanup hook.

#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "core/batch.h"
#include "core/open.h"
#include "core/watch.h"

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
  /** Has JavaScript answer a batch, and sends the replies. False as Call. */
  bool Answer(napi_value receive, uint32_t count);
  /** How many turns in a row had the loop to themselves, this one included. To be called once in each. */
  void CountTurnsAlone();
  /** Takes the socket from the loop. False if nothing speaks for a stay, or it cannot be. */
  bool BeginStay();
  /** Sleeps until datagrams are there; false if the loop has something to do, or it is time. */
  bool WaitForMore();
  void EndStay();
  /** False if JavaScript threw or may not run any more. */
  bool Call(napi_value function, const napi_value* arguments, size_t count);
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
  Napi::ObjectReference resource_;
  std::unique_ptr<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  /** Keeps this alive until libuv has let go of poll_. */
  std::shared_ptr<Port> self_;
  bool is_in_turn_ = false;
  std::unique_ptr<Watch> watch_;
  /** What the loop had counted at the last turn. */
  uv_metrics_t metrics_{};
  uint32_t turns_alone_ = 0;
  uint32_t stay_batches_ = 0;
};

}  // namespace packet_io
