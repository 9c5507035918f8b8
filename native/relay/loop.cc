#include "loop.h"

namespace relay {

std::shared_ptr<Loop> Loop::Open(Napi::Env env, Napi::ArrayBuffer memory, Napi::Function turn) {
  auto loop = std::make_shared<Loop>(env);
  return loop->Start(memory, turn) ? loop : nullptr;
}

Loop::Loop(Napi::Env env) : env_(env), relay_(std::make_unique<Relay>()) {}

bool Loop::Start(Napi::ArrayBuffer memory, Napi::Function turn) {
  uv_loop_t* loop = nullptr;
  if (relay_->status() < 0 || napi_get_uv_event_loop(env_, &loop) != napi_ok) return false;
  if (uv_poll_init(loop, &poll_, relay_->fd()) != 0) return false;
  poll_.data = this;
  self_ = shared_from_this();
  memory_ = Napi::Persistent(memory);
  events_ = static_cast<Event*>(memory.Data());
  most_events_ = memory.ByteLength() / sizeof(Event);
  turn_ = Napi::Persistent(turn);
  context_ = std::make_unique<Napi::AsyncContext>(env_, "meridian.relay");
  if (napi_add_async_cleanup_hook(env_, OnCleanup, this, &hook_) != napi_ok || uv_poll_start(&poll_, UV_READABLE, OnReady) != 0) {
    Close();
    return false;
  }
  return true;
}

size_t Loop::TakeEvents() { return relay_ == nullptr ? 0 : relay_->TakeEvents(events_, most_events_); }

void Loop::Close() {
  if (relay_ == nullptr) return;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    Loop* loop = static_cast<Loop*>(handle->data);
    // The environment waits for this when it ends.
    if (loop->hook_ != nullptr) napi_remove_async_cleanup_hook(loop->hook_);
    loop->self_.reset();
  });
  relay_.reset();
  if (!is_in_turn_) Release();
}

/** Lets go of everything that belongs to the environment, which may be gone when libuv calls back. */
void Loop::Release() {
  context_.reset();
  memory_.Reset();
  turn_.Reset();
}

void Loop::OnCleanup(napi_async_cleanup_hook_handle, void* data) { static_cast<Loop*>(data)->Close(); }

void Loop::OnReady(uv_poll_t* poll, int status, int) {
  Loop* loop = static_cast<Loop*>(poll->data);
  // An epoll instance has no errors of its own; libuv stops watching what it takes to have one.
  if (status < 0) uv_poll_start(poll, UV_READABLE, OnReady);
  if (loop->relay_ == nullptr) return;
  loop->relay_->Turn();
  if (loop->relay_->has_events()) loop->Tell();
}

/** One call of JavaScript. Promises and process.nextTick run when its scope ends. */
void Loop::Tell() {
  const auto keep = shared_from_this();
  Napi::HandleScope handles(env_);
  napi_callback_scope scope;
  if (napi_open_callback_scope(env_, nullptr, *context_, &scope) != napi_ok) return;
  is_in_turn_ = true;
  napi_value function;
  napi_value receiver;
  if (napi_get_reference_value(env_, turn_, &function) == napi_ok && napi_get_undefined(env_, &receiver) == napi_ok &&
      napi_call_function(env_, receiver, function, 0, nullptr, nullptr) != napi_ok) {
    // Nobody above us in this stack could catch it: it is an uncaught exception, as in any callback of Node itself.
    bool is_pending = false;
    napi_value error;
    if (napi_is_exception_pending(env_, &is_pending) == napi_ok && is_pending &&
        napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
      napi_fatal_exception(env_, error);
    }
  }
  is_in_turn_ = false;
  napi_close_callback_scope(env_, scope);
  if (relay_ == nullptr) Release();
}

}  // namespace relay
