#include "port.h"

#include <unistd.h>

#include <algorithm>

namespace packet_io {
namespace {

/**
 * Batches taken before others have their turn: TCP connections, timers and messages of the control thread wait about a millisecond
 * at most, however many datagrams come in.
 */
constexpr int kMaxBatchesPerTurn = 4;

/** Turns in a row for which the loop had nothing else to do, after which one stays. To begin and to end a stay costs 2 us. */
constexpr uint32_t kTurnsAlone = 4;

/** A stay ends after so long at most, or when a timer of the loop is due: what JavaScript has begun meanwhile gets under way then. */
constexpr int kMaxStayMs = 100;
/** And after so many batches: the handles of all are let go of when the turn ends, and those of so many fit one block of V8's. */
constexpr uint32_t kMaxStayBatches = 250;

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
  watch_ = std::make_unique<Watch>(fd_, uv_backend_fd(loop));
  // Held, or Node would make another object each time that a scope is opened.
  resource_ = Napi::Persistent(Napi::Object::New(env_));
  context_ = std::make_unique<Napi::AsyncContext>(env_, "meridian.udp", resource_.Value());
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
  // Ahead of the socket: others may have it open, and then it would be watched for ever.
  watch_.reset();
  close(fd_);
  fd_ = -1;
  if (!is_in_turn_) Release();
}

/** Lets go of everything that belongs to the environment, which may be gone when libuv calls back. */
void Port::Release() {
  context_.reset();
  resource_.Reset();
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
  CountTurnsAlone();
  Napi::HandleScope handles(env_);
  // One scope for all batches: promises and process.nextTick run when it ends. (Napi::CallbackScope would make an object each time.)
  napi_callback_scope scope;
  if (napi_open_callback_scope(env_, nullptr, *context_, &scope) != napi_ok) return;
  is_in_turn_ = true;
  bool is_staying = false;
  const napi_value receive = receive_.Value();
  for (int full_batches = 0;;) {
    const uint32_t count = batch_.Receive();
    if (count > 0 && !Answer(receive, count)) break;
    if (!ReportLosses() || fd_ < 0) break;
    if (count == kBatchSize) {
      if (++full_batches == kMaxBatchesPerTurn) break;
      continue;
    }
    // A batch that is not full has emptied the queue: asking again would cost a system call to be told so.
    full_batches = 0;
    if (!is_staying && !BeginStay()) break;
    is_staying = true;
    if (!WaitForMore()) break;
  }
  if (is_staying) EndStay();
  is_in_turn_ = false;
  napi_close_callback_scope(env_, scope);
  if (fd_ < 0) Release();
}

bool Port::Answer(napi_value receive, uint32_t count) {
  napi_value argument;
  if (napi_create_uint32(env_, count, &argument) != napi_ok || !Call(receive, &argument, 1)) return false;
  if (fd_ >= 0) batch_.Send();
  return true;
}

void Port::CountTurnsAlone() {
  uv_metrics_t metrics;
  if (uv_metrics_info(poll_.loop, &metrics) != 0) return;
  // The next pass of the loop after the last turn, and one event in it: this one.
  const bool is_alone = metrics.loop_count == metrics_.loop_count + 1 && metrics.events == metrics_.events + 1;
  turns_alone_ = is_alone ? turns_alone_ + 1 : 0;
  metrics_ = metrics;
}

bool Port::BeginStay() {
  if (turns_alone_ < kTurnsAlone || !watch_->is_open()) return false;
  uv_update_time(poll_.loop);
  // 0 if anything but a descriptor or a timer waits for the loop, -1 if nothing does.
  const int timeout_ms = uv_backend_timeout(poll_.loop);
  if (timeout_ms == 0 || !watch_->Begin(timeout_ms < 0 ? kMaxStayMs : std::min(timeout_ms, kMaxStayMs))) return false;
  stay_batches_ = 0;
  // Or the loop would have something to do whenever a datagram comes.
  return uv_poll_stop(&poll_) == 0;
}

bool Port::WaitForMore() {
  if (++stay_batches_ == kMaxStayBatches) return false;
  const Watch::Event event = watch_->Wait();
  if (event == Watch::Event::kLoop) turns_alone_ = 0;
  return event == Watch::Event::kDatagrams;
}

void Port::EndStay() {
  if (fd_ >= 0 && uv_poll_start(&poll_, UV_READABLE, OnReady) != 0) Close();
}

bool Port::ReportLosses() {
  const Losses losses = batch_.TakeLosses();
  if (!losses.any()) return true;
  napi_value arguments[3];
  const uint32_t counts[3] = {losses.refused, losses.overflowed, losses.receive_errors};
  for (int i = 0; i < 3; i++) {
    if (napi_create_uint32(env_, counts[i], &arguments[i]) != napi_ok) return false;
  }
  return Call(lose_.Value(), arguments, 3);
}

bool Port::Call(napi_value function, const napi_value* arguments, size_t count) {
  napi_value receiver;
  if (napi_get_undefined(env_, &receiver) != napi_ok) return false;
  if (napi_call_function(env_, receiver, function, count, arguments, nullptr) == napi_ok) return true;
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
