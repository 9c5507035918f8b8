#include "port.h"

#include <unistd.h>

namespace packet_io {
namespace {

/**
 * Batches taken before others have their turn: TCP connections, timers and messages of the control thread wait about a millisecond
 * at most, however many datagrams come in.
 */
constexpr int kMaxBatchesPerTurn = 4;

}  // namespace

std::shared_ptr<Port> Port::Open(Napi::Env env, int fd, const LocalName& name, Napi::ArrayBuffer memory, const Layout& layout,
                                 bool sends_trains, const Callbacks& callbacks) {
  auto port = std::make_shared<Port>(env, fd, name, static_cast<uint8_t*>(memory.Data()), layout, sends_trains);
  return port->Start(memory, callbacks) ? port : nullptr;
}

Port::Port(Napi::Env env, int fd, const LocalName& name, uint8_t* memory, const Layout& layout, bool sends_trains)
    : env_(env), fd_(fd), name_(name), batch_(fd, memory, layout, sends_trains) {}

Port::~Port() {
  if (fd_ >= 0) close(fd_);
}

bool Port::Start(Napi::ArrayBuffer memory, const Callbacks& callbacks) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok || uv_poll_init(loop, &poll_, fd_) != 0) return false;
  poll_.data = this;
  self_ = shared_from_this();
  memory_ = Napi::Persistent(memory);
  receive_ = Napi::Persistent(callbacks.receive);
  lose_ = Napi::Persistent(callbacks.lose);
  context_ = std::make_unique<Napi::AsyncContext>(env_, "meridian.udp");
  if (napi_add_async_cleanup_hook(env_, OnCleanup, this, &hook_) != napi_ok || uv_poll_start(&poll_, UV_READABLE, OnReady) != 0) {
    Close();
    return false;
  }
  return true;
}

uint32_t Port::KernelDrops() const { return fd_ < 0 ? 0 : packet_io::KernelDrops(fd_); }

void Port::Close() {
  if (fd_ < 0) return;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    Port* port = static_cast<Port*>(handle->data);
    // The environment waits for this when it ends.
    if (port->hook_ != nullptr) napi_remove_async_cleanup_hook(port->hook_);
    port->self_.reset();
  });
  close(fd_);
  fd_ = -1;
  if (!is_in_turn_) Release();
}

/** Lets go of everything that belongs to the environment, which may be gone when libuv calls back. */
void Port::Release() {
  context_.reset();
  memory_.Reset();
  receive_.Reset();
  lose_.Reset();
}

void Port::OnCleanup(napi_async_cleanup_hook_handle, void* data) { static_cast<Port*>(data)->Close(); }

void Port::OnReady(uv_poll_t* poll, int status, int) {
  Port* port = static_cast<Port*>(poll->data);
  if (status < 0) {
    // libuv has stopped watching because the socket has an error; that must not end the service.
    port->batch_.ClearErrors();
    if (uv_poll_start(&port->poll_, UV_READABLE, OnReady) != 0) port->Close();
    return;
  }
  port->Turn();
}

void Port::Turn() {
  const auto keep = shared_from_this();
  Napi::HandleScope handles(env_);
  // One scope for all batches: promises and process.nextTick run when it ends. (Napi::CallbackScope would make an object each time.)
  napi_callback_scope scope;
  if (napi_open_callback_scope(env_, nullptr, *context_, &scope) != napi_ok) return;
  is_in_turn_ = true;
  for (int batches = 0; batches < kMaxBatchesPerTurn; batches++) {
    const uint32_t count = batch_.Receive();
    if (count > 0) {
      napi_value argument;
      if (napi_create_uint32(env_, count, &argument) != napi_ok || !Call(receive_, &argument, 1) || fd_ < 0) break;
      batch_.Send();
    }
    if (!ReportLosses() || fd_ < 0) break;
    // A batch that is not full has emptied the queue: asking again would cost a system call to be told so.
    if (count < kBatchSize) break;
  }
  is_in_turn_ = false;
  napi_close_callback_scope(env_, scope);
  if (fd_ < 0) Release();
}

bool Port::ReportLosses() {
  const Losses losses = batch_.TakeLosses();
  if (!losses.any()) return true;
  napi_value arguments[3];
  const uint32_t counts[3] = {losses.refused, losses.overflowed, losses.receive_errors};
  for (int i = 0; i < 3; i++) {
    if (napi_create_uint32(env_, counts[i], &arguments[i]) != napi_ok) return false;
  }
  return Call(lose_, arguments, 3);
}

bool Port::Call(const Napi::FunctionReference& function, const napi_value* arguments, size_t count) {
  napi_value value;
  napi_value receiver;
  if (napi_get_reference_value(env_, function, &value) != napi_ok || napi_get_undefined(env_, &receiver) != napi_ok) return false;
  if (napi_call_function(env_, receiver, value, count, arguments, nullptr) == napi_ok) return true;
  // Nobody above us in this stack could catch it: it is an uncaught exception, as in any callback of Node itself.
  bool is_pending = false;
  napi_value error;
  if (napi_is_exception_pending(env_, &is_pending) == napi_ok && is_pending &&
      napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
    napi_fatal_exception(env_, error);
  }
  return false;
}

}  // namespace packet_io
