// The inner loops of a pass, over one block of targets whose state fits the second-level cache.

#ifndef FLEET_BLOCK_H_
#define FLEET_BLOCK_H_

#include <vector>

#include "layout.h"

namespace fleet {

/** Results for consecutive pairs that are taken at once. */
constexpr size_t kChunk = 64;

/** What all blocks share, read-only while they are worked on (but for the columns, whose blocks do not overlap). */
struct Plan {
  Shape shape;
  Columns columns;
  // By target and by prober: where their rows of tallies begin, to be added up.
  std::vector<uint32_t> site_row;
  std::vector<uint32_t> prober_row;
  std::vector<uint16_t> region_of_prober;
  // prober_row again and again, so that kChunk consecutive pairs find theirs side by side.
  std::vector<uint32_t> prober_row_cycle;
  // By target: the next one of another site.
  std::vector<uint32_t> site_end;
  // The verdict if every vote is fresh and up.
  uint8_t all_up;
};

/** What is known of some rows of a batch at a glance. */
struct Extent {
  uint32_t most_target;
  uint32_t most_prober;
  // No row is of an earlier block than the row before it.
  bool is_ascending;
};

/** Of rows [begin, end); blocks are of 2^block_shift targets. */
Extent ExtentOf(const Batch& batch, size_t begin, size_t end, unsigned block_shift);

/** Takes results [begin, end) of the batch, in order. */
void ApplyColumns(const Plan& plan, const Batch& batch, size_t begin, size_t end, uint32_t* tallies);
void ApplyRecords(const Plan& plan, const Record* begin, const Record* end, uint32_t* tallies);

/** Concludes targets [begin, end); writes those whose verdict changed to `changed` and returns how many. */
uint32_t Conclude(const Plan& plan, uint32_t begin, uint32_t end, uint32_t now_sec, uint32_t* changed);

}  // namespace fleet

#endif
