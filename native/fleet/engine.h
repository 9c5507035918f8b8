// A thread of its own for one aggregator, so that no pass runs on the thread that asked for it, and OpenMP's team (which
// belongs to the thread that forks it) is the same in every pass: pinned once, and beside the memory that it touched first.

#ifndef FLEET_ENGINE_H_
#define FLEET_ENGINE_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/aggregator.h"

namespace fleet {

class Engine {
 public:
  Engine() : thread_([this] { Run(); }) {}
  ~Engine() { Stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /** Runs the job on the engine's thread, after those handed over before. */
  void Post(std::function<void()> job);

  /** Runs what was handed over, then ends the thread. */
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wakes_;
  std::function<void()> job_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace fleet

#endif
