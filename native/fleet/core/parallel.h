// Fork and join, and the sharing out of blocks. Two back ends with one meaning: OpenMP, which is what runs, and std::thread
// (FLEET_STD_THREADS), because ThreadSanitizer does not see into libgomp and would take its barriers for races.

#ifndef FLEET_PARALLEL_H_
#define FLEET_PARALLEL_H_

#include <cstdint>

#include "layout.h"

#ifdef FLEET_STD_THREADS
#include <atomic>
#include <thread>
#include <vector>
#else
#include <omp.h>
#endif

namespace fleet {

/** First of the items that belong to `part` of `parts`: contiguous ranges whose sizes differ by at most one. */
inline uint64_t PartBegin(uint64_t items, unsigned part, unsigned parts) {
  return items / parts * part + (items % parts < part ? items % parts : part);
}

/** Runs work(thread, threads) on each of `threads` threads, and returns when all are done. */
template <typename Work>
void ForkJoin(unsigned threads, const Work& work) {
#ifdef FLEET_STD_THREADS
  std::vector<std::thread> team;
  for (unsigned thread = 1; thread < threads; thread++) team.emplace_back([&work, thread, threads] { work(thread, threads); });
  work(0u, threads);
  for (auto& member : team) member.join();
#else
  // The runtime may give fewer threads than asked for (OMP_THREAD_LIMIT): every part is done all the same.
#pragma omp parallel num_threads(static_cast<int>(threads))
  {
    const auto granted = static_cast<unsigned>(omp_get_num_threads());
    for (auto thread = static_cast<unsigned>(omp_get_thread_num()); thread < threads; thread += granted) work(thread, threads);
  }
#endif
}

/**
 * Runs work(thread, block) for each block once. Static gives each thread one contiguous range, the same in every pass, so
 * that a thread meets the memory that it touched first.
 */
template <typename Work>
void ForEachBlock(unsigned threads, Schedule schedule, uint32_t blocks, const Work& work) {
#ifdef FLEET_STD_THREADS
  std::atomic<uint32_t> next{0};
  ForkJoin(threads, [&](unsigned thread, unsigned parts) {
    if (schedule != Schedule::kStatic) {
      for (uint32_t block; (block = next.fetch_add(1)) < blocks;) work(thread, block);
      return;
    }
    const auto end = static_cast<uint32_t>(PartBegin(blocks, thread + 1, parts));
    for (auto block = static_cast<uint32_t>(PartBegin(blocks, thread, parts)); block < end; block++) work(thread, block);
  });
#else
  omp_set_schedule(schedule == Schedule::kDynamic  ? omp_sched_dynamic
                   : schedule == Schedule::kGuided ? omp_sched_guided
                                                   : omp_sched_static,
                   0);
#pragma omp parallel for num_threads(static_cast<int>(threads)) schedule(runtime)
  for (uint32_t block = 0; block < blocks; block++) work(static_cast<unsigned>(omp_get_thread_num()), block);
#endif
}

}  // namespace fleet

#endif
