// One job at a time is all that the binding hands over; a second waits for room.

#include "engine.h"

#include <utility>

namespace fleet {

void Engine::Post(std::function<void()> job) {
  std::unique_lock<std::mutex> lock(mutex_);
  wakes_.wait(lock, [this] { return job_ == nullptr; });
  job_ = std::move(job);
  wakes_.notify_all();
}

void Engine::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
    wakes_.notify_all();
  }
  thread_.join();
}

void Engine::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wakes_.wait(lock, [this] { return job_ != nullptr || is_stopping_; });
    if (job_ == nullptr) return;
    const std::function<void()> job = std::exchange(job_, nullptr);
    wakes_.notify_all();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace fleet
