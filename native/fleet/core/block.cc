// Results usually come in the order of the state: consecutive (target, prober) pairs. Then latencies and times are taken
// sixteen or more at a time by vector instructions, and only what may change an opinion goes through the scalar rule.

#include "block.h"

#include <algorithm>
#include <cstring>

#include "damping.h"

// One function, compiled for several instruction sets; the loader takes the best that the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define FLEET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FLEET_CLONES
#endif

namespace fleet {
namespace {

constexpr uint32_t kFloatOfOne = 127u << 23;
constexpr unsigned kFloatBucketShift = 21;

/** Four buckets an octave, read off the bits of a float: exponent and the two topmost bits of the fraction. */
inline uint32_t BucketOf(uint32_t latency_us) {
  const auto exact = static_cast<float>(static_cast<int32_t>(latency_us));
  uint32_t bits;
  std::memcpy(&bits, &exact, sizeof bits);
  return (bits - kFloatOfOne) >> kFloatBucketShift;
}

inline uint32_t Capped(uint32_t latency_us) { return std::min(kLatencyMostUs, std::max(1u, latency_us)); }

inline uint32_t EwmaAfter(uint32_t ewma, uint32_t latency_us) {
  const uint32_t sample = latency_us << kEwmaFractionBits;
  const int32_t step = static_cast<int32_t>(sample - ewma) >> kEwmaWeightBits;
  return ewma == 0 ? sample : ewma + static_cast<uint32_t>(step);
}

/** Entry within the two rows (one a family) of a (site, region). */
inline uint32_t EntryOf(uint32_t what, uint32_t latency_us) {
  const uint32_t outcome = what & kOutcomeMask;
  const uint32_t failed = outcome < kNotChecked ? kFailures : kNotCheckedTally;
  return (what >> 7) * kRow + (outcome == 0 ? BucketOf(latency_us) : failed);
}

inline uint32_t AllOnesIf(bool holds) { return 0u - static_cast<uint32_t>(holds); }

/** One of two numbers by a mask. In a loop the compiler takes `?:` for branches if a side converts to float, and stays scalar. */
inline uint32_t Choose(uint32_t mask, uint32_t a, uint32_t b) { return (a & mask) | (b & ~mask); }

struct Chunk {
  uint32_t entry[kChunk];
  uint8_t special[kChunk];
};

/** Whether these results are for consecutive pairs. */
FLEET_CLONES bool IsDense(const uint32_t* target, const uint16_t* prober, uint32_t probers, uint32_t pair) {
  uint32_t difference = 0;
  for (uint32_t i = 0; i < kChunk; i++) difference |= (target[i] * probers + prober[i]) ^ (pair + i);
  return difference == 0;
}

/** Times, latencies and entries of kChunk results for consecutive pairs; marks those that may change an opinion or streak. */
FLEET_CLONES void TakeDense(const uint8_t* __restrict what, const uint32_t* __restrict latency,
                            const uint32_t* __restrict at_sec, const uint8_t* __restrict opinion,
                            const uint8_t* __restrict streak, uint32_t* __restrict last_sec, uint32_t* __restrict ewma,
                            const uint32_t* __restrict row, Chunk* __restrict chunk) {
  for (size_t i = 0; i < kChunk; i++) {
    const uint32_t found = what[i];
    const uint32_t outcome = found & kOutcomeMask;
    const uint32_t success = AllOnesIf(outcome == 0);
    const uint32_t checked = AllOnesIf(outcome < kNotChecked);
    const uint32_t latency_us = Capped(latency[i]);
    const uint32_t before = ewma[i];
    const uint32_t sample = latency_us << kEwmaFractionBits;
    const auto step = static_cast<uint32_t>(static_cast<int32_t>(sample - before) >> kEwmaWeightBits);
    const uint32_t after = Choose(AllOnesIf(before == 0), sample, before + step);
    ewma[i] = Choose(success, after, before);
    last_sec[i] = std::max(last_sec[i], at_sec[i] & checked);
    const uint32_t failed = Choose(checked, kFailures, kNotCheckedTally);
    chunk->entry[i] = row[i] + (found >> 7) * kRow + Choose(success, BucketOf(latency_us), failed);
  }
  for (size_t i = 0; i < kChunk; i++) {
    const auto outcome = static_cast<uint8_t>(what[i] & kOutcomeMask);
    const auto against = static_cast<uint8_t>(outcome | (opinion[i] ^ kUp) | streak[i]);
    chunk->special[i] = outcome < kNotChecked ? against : uint8_t{0};
  }
}

void TakeOne(const Plan& plan, const Record& result, uint32_t* tallies) {
  const Columns& columns = plan.columns;
  const size_t pair = static_cast<size_t>(result.target) * plan.shape.probers + result.prober;
  const uint32_t latency_us = Capped(result.latency_us);
  const uint32_t row = plan.site_row[result.target] + plan.prober_row[result.prober];
  tallies[row + EntryOf(result.what, latency_us)]++;
  const uint32_t outcome = result.what & kOutcomeMask;
  if (outcome >= kNotChecked) return;
  columns.last_sec[pair] = std::max(columns.last_sec[pair], result.at_sec);
  if (outcome == 0) {
    columns.ewma[pair] = EwmaAfter(columns.ewma[pair], latency_us);
    if (columns.opinion[pair] == kUp && columns.streak[pair] == 0) return;
  }
  Damp(columns, pair, outcome == 0, result.at_sec, plan.shape);
}

/** The whole of concludes() of src/health/quorum.ts for one target, and what traffic follows while it is unknown. */
uint8_t VerdictOf(const Plan& plan, size_t pair, uint32_t now_sec, uint8_t previous) {
  const Shape& shape = plan.shape;
  uint16_t fresh_of[kRegionsMost];
  uint16_t down_of[kRegionsMost];
  uint16_t not_up_of[kRegionsMost];
  std::fill_n(fresh_of, shape.regions, uint16_t{0});
  std::fill_n(down_of, shape.regions, uint16_t{0});
  std::fill_n(not_up_of, shape.regions, uint16_t{0});
  uint32_t fresh = 0;
  uint32_t down = 0;
  uint32_t not_up = 0;
  for (uint32_t prober = 0; prober < shape.probers; prober++) {
    const uint8_t opinion = plan.columns.opinion[pair + prober];
    const uint32_t last_sec = plan.columns.last_sec[pair + prober];
    if (opinion == kUnknown || (now_sec > last_sec && now_sec - last_sec >= shape.fresh_sec)) continue;
    const bool is_down = opinion == kDown;
    const bool is_not_up = opinion != kUp;
    fresh++;
    down += is_down;
    not_up += is_not_up;
    const uint16_t region = plan.region_of_prober[prober];
    fresh_of[region]++;
    down_of[region] = static_cast<uint16_t>(down_of[region] + is_down);
    not_up_of[region] = static_cast<uint16_t>(not_up_of[region] + is_not_up);
  }
  uint32_t regions = 0;
  uint32_t regions_down = 0;
  uint32_t regions_not_up = 0;
  for (uint32_t region = 0; region < shape.regions; region++) {
    if (fresh_of[region] == 0) continue;
    regions++;
    regions_down += 2u * down_of[region] >= fresh_of[region];
    regions_not_up += 2u * not_up_of[region] >= fresh_of[region];
  }
  if (fresh < shape.quorum_votes || regions < shape.quorum_regions) return kUnknown | (previous & kHeldDown);
  const bool is_down = 2 * down > fresh && regions_down >= shape.quorum_regions;
  const bool may_be_down = 2 * not_up > fresh && regions_not_up >= shape.quorum_regions;
  return is_down || (may_be_down && (previous & kHeldDown) != 0) ? kDown | kHeldDown : kUp;
}

FLEET_CLONES uint32_t MostTarget(const uint32_t* target, size_t count) {
  uint32_t most = 0;
  for (size_t i = 0; i < count; i++) most = std::max(most, target[i]);
  return most;
}

FLEET_CLONES uint32_t MostProber(const uint16_t* prober, size_t count) {
  uint16_t most = 0;
  for (size_t i = 0; i < count; i++) most = std::max(most, prober[i]);
  return most;
}

FLEET_CLONES bool IsAscending(const uint32_t* target, size_t count, unsigned block_shift) {
  uint32_t descents = 0;
  for (size_t i = 1; i < count; i++) descents |= (target[i] >> block_shift) < (target[i - 1] >> block_shift) ? 1u : 0u;
  return descents == 0;
}

/** Marks the pairs that have no fresh vote of up; says whether there are any. */
FLEET_CLONES bool MarkOthers(const uint8_t* __restrict opinion, const uint32_t* __restrict last_sec, size_t count,
                             uint32_t oldest_sec, uint8_t* __restrict other) {
  for (size_t i = 0; i < count; i++) {
    const auto stale = static_cast<uint8_t>(last_sec[i] < oldest_sec);
    other[i] = static_cast<uint8_t>((opinion[i] ^ kUp) | stale);
  }
  uint8_t any = 0;
  for (size_t i = 0; i < count; i++) any |= other[i];
  return any != 0;
}

FLEET_CLONES bool AreAllUp(const uint8_t* verdict, size_t count) {
  uint8_t others = 0;
  for (size_t i = 0; i < count; i++) others |= static_cast<uint8_t>(verdict[i] ^ kUp);
  return others == 0;
}

}  // namespace

Extent ExtentOf(const Batch& batch, size_t begin, size_t end, unsigned block_shift) {
  const size_t before = begin == 0 ? 0 : begin - 1;
  return {MostTarget(batch.target + begin, end - begin), MostProber(batch.prober + begin, end - begin),
          IsAscending(batch.target + before, end - before, block_shift)};
}

void ApplyColumns(const Plan& plan, const Batch& batch, size_t begin, size_t end, uint32_t* tallies) {
  const Columns& columns = plan.columns;
  const uint32_t probers = plan.shape.probers;
  const auto take = [&](size_t at) {
    TakeOne(plan, {batch.target[at], batch.prober[at], batch.what[at], 0, batch.latency_us[at], batch.at_sec[at]}, tallies);
  };
  alignas(64) Chunk chunk;
  size_t at = begin;
  while (at + kChunk <= end) {
    const uint32_t pair = batch.target[at] * probers + batch.prober[at];
    if (!IsDense(batch.target + at, batch.prober + at, probers, pair)) {
      for (size_t i = 0; i < kChunk; i++) take(at + i);
      at += kChunk;
      continue;
    }
    TakeDense(batch.what + at, batch.latency_us + at, batch.at_sec + at, columns.opinion + pair, columns.streak + pair,
              columns.last_sec + pair, columns.ewma + pair, plan.prober_row_cycle.data() + batch.prober[at], &chunk);
    const uint32_t first = batch.target[at];
    if (batch.target[at + kChunk - 1] < plan.site_end[first]) {
      uint32_t* of_site = tallies + plan.site_row[first];
      for (size_t i = 0; i < kChunk; i++) of_site[chunk.entry[i]]++;
    } else {
      for (size_t i = 0; i < kChunk; i++) tallies[plan.site_row[batch.target[at + i]] + chunk.entry[i]]++;
    }
    for (size_t word = 0; word < kChunk; word += 8) {
      uint64_t specials;
      std::memcpy(&specials, chunk.special + word, sizeof specials);
      if (specials == 0) continue;
      for (size_t i = word; i < word + 8; i++) {
        if (chunk.special[i] == 0) continue;
        Damp(columns, pair + i, (batch.what[at + i] & kOutcomeMask) == 0, batch.at_sec[at + i], plan.shape);
      }
    }
    at += kChunk;
  }
  for (; at < end; at++) take(at);
}

void ApplyRecords(const Plan& plan, const Record* begin, const Record* end, uint32_t* tallies) {
  for (const Record* record = begin; record < end; record++) TakeOne(plan, *record, tallies);
}

uint32_t Conclude(const Plan& plan, uint32_t begin, uint32_t end, uint32_t now_sec, uint32_t* changed) {
  constexpr size_t kPairs = kProbersMost;
  // Few enough that most groups have nobody in trouble.
  constexpr uint32_t kGroup = 64;
  const uint32_t probers = plan.shape.probers;
  // fresh: last + fresh_sec > now, in a form that does not overflow
  const uint32_t oldest_sec = now_sec >= plan.shape.fresh_sec ? now_sec - plan.shape.fresh_sec + 1 : 0;
  const uint32_t step = std::min(kGroup, static_cast<uint32_t>(kPairs / probers));
  // Eight octets more than are marked, so that eight can be read from any of them.
  uint8_t other[kPairs + 8];
  const uint64_t mask = probers >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * probers)) - 1;
  uint32_t count = 0;
  for (uint32_t first = begin; first < end; first += step) {
    const uint32_t last = std::min(end, first + step);
    const size_t base = static_cast<size_t>(first) * probers;
    const size_t pairs = static_cast<size_t>(last - first) * probers;
    const bool has_others = MarkOthers(plan.columns.opinion + base, plan.columns.last_sec + base, pairs, oldest_sec, other);
    if (!has_others && plan.all_up == kUp && AreAllUp(plan.columns.verdict + first, last - first)) continue;
    std::memset(other + pairs, 0, 8);
    for (uint32_t target = first; target < last; target++) {
      const uint8_t* marks = other + static_cast<size_t>(target - first) * probers;
      uint64_t others;
      std::memcpy(&others, marks, sizeof others);
      others &= mask;
      for (uint32_t prober = 8; prober < probers; prober++) others |= marks[prober];
      const uint8_t previous = plan.columns.verdict[target];
      uint8_t verdict = plan.all_up;
      if (others != 0 || verdict != kUp) verdict = VerdictOf(plan, static_cast<size_t>(target) * probers, now_sec, previous);
      if (verdict == previous) continue;
      plan.columns.verdict[target] = verdict;
      changed[count++] = target;
    }
  }
  return count;
}

}  // namespace fleet
