// The copy kernel of J. McCalpin's STREAM: c[i] = a[i] on arrays far larger than the caches, first touched by their threads.

#include "stream.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "aggregator.h"
#include "parallel.h"

namespace fleet {
namespace {

// A loop, as STREAM measures it: not turned into a call of the C library.
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((noinline, optimize("no-tree-loop-distribute-patterns")))
#endif
void CopyWords(const uint64_t* __restrict from, uint64_t* __restrict to, size_t count) {
  for (size_t at = 0; at < count; at++) to[at] = from[at];
}

}  // namespace

double CopyOctetsPerSec(size_t octets, unsigned threads, unsigned rounds) {
  const size_t words = octets / sizeof(uint64_t);
  const Memory from(words * sizeof(uint64_t));
  const Memory to(words * sizeof(uint64_t));
  double best = 0;
  // the first two rounds only touch the pages
  for (unsigned round = 0; round < rounds + 2; round++) {
    const auto start = std::chrono::steady_clock::now();
    ForkJoin(threads, [&](unsigned thread, unsigned parts) {
      const auto* source = from.As<uint64_t>();
      auto* sink = to.As<uint64_t>();
      const size_t end = PartBegin(words, thread + 1, parts);
      const size_t begin = PartBegin(words, thread, parts);
      if (round == 0) std::fill(from.As<uint64_t>() + begin, from.As<uint64_t>() + end, round);
      CopyWords(source + begin, sink + begin, end - begin);
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (round >= 2) best = std::max(best, 2.0 * static_cast<double>(octets) / took.count());
  }
  return best;
}

}  // namespace fleet
