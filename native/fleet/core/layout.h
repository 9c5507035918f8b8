// The shapes of the fleet aggregator: constants, columns of state, a batch of results. src/fleet/fleet.ts says the same in
// TypeScript; both kernels give the same bits. Nothing here knows of Node.

#ifndef FLEET_LAYOUT_H_
#define FLEET_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace fleet {

// Values of the opinion column (src/health/damping.ts) and of the low two bits of a verdict.
constexpr uint8_t kUnknown = 0;
constexpr uint8_t kUp = 1;
constexpr uint8_t kDown = 2;
// In the opinion column only: this and all above it are held by the flap guard, with so many successes to its credit.
constexpr uint8_t kHeld = 3;
// In a verdict: traffic treats the target as down, now or because that was concluded last.
constexpr uint8_t kHeldDown = 4;

// The `what` column: outcome in the low seven bits, address family (1 = IPv6) in the high one.
constexpr uint8_t kOutcomeMask = 127;
constexpr uint8_t kNotChecked = 64;

// Latencies are capped here, at 16.8 s, so that a float holds each of them exactly.
constexpr uint32_t kLatencyMostUs = (1u << 24) - 1;
// EWMA: units of 1/16 us, each new sample weighs 1/8.
constexpr unsigned kEwmaFractionBits = 4;
constexpr unsigned kEwmaWeightBits = 3;

// A row of tallies: successes by latency, four buckets an octave, then failures, then checks that were none.
constexpr uint32_t kBuckets = 96;
constexpr uint32_t kFailures = 96;
constexpr uint32_t kNotCheckedTally = 97;
constexpr uint32_t kRow = 128;
// Row of (site, region, family): ((site * regions) + region) * 2 + family.
constexpr uint32_t kFamilies = 2;

constexpr uint32_t kProbersMost = 1024;
constexpr uint32_t kRegionsMost = 255;

// Scheduling of blocks over threads.
enum class Schedule { kStatic, kDynamic, kGuided };

struct Shape {
  uint32_t targets = 0;
  uint32_t probers = 0;
  uint32_t sites = 0;
  uint32_t regions = 0;
  uint32_t rise = 0;
  uint32_t fall = 0;
  bool is_guarded = false;
  uint32_t quorum_votes = 0;
  uint32_t quorum_regions = 0;
  // A vote counts until this long after the newest result behind it.
  uint32_t fresh_sec = 0;
  uint32_t threads = 1;
  Schedule schedule = Schedule::kStatic;
  bool wants_numa = false;
};

// State, all zeros at first. Pair columns are indexed by target * probers + prober.
struct Columns {
  uint8_t* opinion;
  uint8_t* streak;
  uint16_t* penalty;
  uint32_t* anchor_sec;
  uint32_t* last_sec;
  uint32_t* ewma;
  uint8_t* verdict;  // by target
};

struct Batch {
  size_t count;
  const uint32_t* target;
  const uint16_t* prober;
  const uint8_t* what;
  const uint32_t* latency_us;
  const uint32_t* at_sec;
};

// A result on its way to the thread that owns its target, when the batch is not in order.
struct Record {
  uint32_t target;
  uint16_t prober;
  uint8_t what;
  uint8_t padding;
  uint32_t latency_us;
  uint32_t at_sec;
};

}  // namespace fleet

#endif
