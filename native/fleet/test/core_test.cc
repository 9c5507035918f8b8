// The core on its own, for the sanitizers: every number of threads and every way of scheduling must leave the same bits as
// one result at a time, for batches in order, with gaps, out of order, and bad ones.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "../core/aggregator.h"
#include "../core/damping.h"
#include "../core/numa.h"

namespace {

using fleet::Aggregator;
using fleet::Batch;
using fleet::Record;
using fleet::Schedule;
using fleet::Shape;

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fleet core: %s\n", what);
  std::exit(1);
}

struct Rows {
  std::vector<uint32_t> target;
  std::vector<uint16_t> prober;
  std::vector<uint8_t> what;
  std::vector<uint32_t> latency_us;
  std::vector<uint32_t> at_sec;

  void Add(const Record& row) {
    target.push_back(row.target);
    prober.push_back(row.prober);
    what.push_back(row.what);
    latency_us.push_back(row.latency_us);
    at_sec.push_back(row.at_sec);
  }
  Batch View() const {
    return {target.size(), target.data(), prober.data(), what.data(), latency_us.data(), at_sec.data()};
  }
};

enum class Kind { kSweep, kGaps, kAnyOrder, kOutages };

/** Pairs that have outages in a batch of them, and how many: enough to wake the flap guard. */
constexpr uint32_t kPairsOut = 40;
constexpr uint32_t kOutagesEach = 4;

class Draw {
 public:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(generator_() % bound); }
  Rows Batch(const Shape& shape, Kind kind, uint32_t now_sec) {
    Rows rows;
    if (kind == Kind::kOutages) return Outages(shape, now_sec);
    for (uint32_t pair = 0; pair < shape.targets * shape.probers; pair++) {
      const uint32_t place = kind == Kind::kAnyOrder ? Below(shape.targets * shape.probers) : pair;
      if (kind == Kind::kGaps && Below(40) == 0) continue;
      const uint32_t chance = Below(100);
      const uint32_t outcome = chance < 80 ? 0 : chance < 97 ? 1 + Below(9) : 64 + Below(64);
      rows.Add({place / shape.probers, static_cast<uint16_t>(place % shape.probers),
                static_cast<uint8_t>(outcome | Below(2) << 7), 0, Below(1u << (1 + Below(31))), now_sec - Below(3)});
    }
    return rows;
  }

 private:
  static Rows Outages(const Shape& shape, uint32_t now_sec) {
    Rows rows;
    for (uint32_t pair = 0; pair < std::min(kPairsOut, shape.targets * shape.probers); pair++) {
      for (uint32_t at = 0; at < kOutagesEach * (shape.fall + shape.rise); at++) {
        const uint8_t outcome = at % (shape.fall + shape.rise) < shape.fall ? 1 : 0;
        rows.Add({pair / shape.probers, static_cast<uint16_t>(pair % shape.probers), outcome, 0, 1000, now_sec});
      }
    }
    return rows;
  }
  std::mt19937 generator_{20261121};
};

/** Damping alone, by the plain rule and in the order of the batch. */
struct Reference {
  std::vector<uint8_t> opinion;
  std::vector<uint8_t> streak;
  std::vector<uint16_t> penalty;
  std::vector<uint32_t> anchor_sec;

  explicit Reference(size_t pairs) : opinion(pairs), streak(pairs), penalty(pairs), anchor_sec(pairs) {}
  void Take(const Rows& rows, const Shape& shape) {
    const fleet::Columns columns{opinion.data(), streak.data(), penalty.data(), anchor_sec.data(), nullptr, nullptr, nullptr};
    for (size_t at = 0; at < rows.target.size(); at++) {
      const uint32_t outcome = rows.what[at] & fleet::kOutcomeMask;
      if (outcome >= fleet::kNotChecked) continue;
      fleet::Damp(columns, rows.target[at] * shape.probers + rows.prober[at], outcome == 0, rows.at_sec[at], shape);
    }
  }
};

template <typename T>
void CheckSame(const T* found, const T* expected, size_t count, const char* what) {
  Check(std::memcmp(found, expected, count * sizeof(T)) == 0, what);
}

void CompareAll(const Shape& base) {
  std::vector<uint16_t> sites(base.targets);
  for (uint32_t target = 0; target < base.targets; target++) sites[target] = static_cast<uint16_t>(target % base.sites);
  std::vector<uint8_t> regions(base.probers);
  for (uint32_t prober = 0; prober < base.probers; prober++) regions[prober] = static_cast<uint8_t>(prober % base.regions);
  std::vector<std::unique_ptr<Aggregator>> aggregators;
  for (const Schedule schedule : {Schedule::kStatic, Schedule::kDynamic, Schedule::kGuided}) {
    for (const uint32_t threads : {1u, 2u, 3u, 7u}) {
      Shape shape = base;
      shape.threads = threads;
      shape.schedule = schedule;
      shape.wants_numa = threads == 2;
      aggregators.push_back(std::make_unique<Aggregator>(shape, sites.data(), regions.data()));
    }
  }
  const size_t pairs = static_cast<size_t>(base.targets) * base.probers;
  Reference reference(pairs);
  Draw draw;
  uint32_t now_sec = 1000;
  for (const Kind kind : {Kind::kSweep, Kind::kSweep, Kind::kGaps, Kind::kAnyOrder, Kind::kSweep, Kind::kAnyOrder, Kind::kGaps,
                          Kind::kOutages, Kind::kSweep, Kind::kGaps}) {
    now_sec += 5;
    Rows rows = draw.Batch(base, kind, now_sec);
    reference.Take(rows, base);
    const Aggregator& first = *aggregators.front();
    uint32_t changed = 0;
    for (const auto& aggregator : aggregators) {
      const fleet::PassResult result = aggregator->Pass(rows.View(), now_sec);
      Check(result.bad_row == rows.target.size(), "a good batch was refused");
      if (aggregator == aggregators.front()) changed = result.changed;
      Check(result.changed == changed, "another number of changes");
      const fleet::Columns& columns = aggregator->columns();
      CheckSame(columns.opinion, reference.opinion.data(), pairs, "opinions differ");
      CheckSame(columns.streak, reference.streak.data(), pairs, "streaks differ");
      CheckSame(columns.penalty, reference.penalty.data(), pairs, "penalties differ");
      CheckSame(columns.anchor_sec, reference.anchor_sec.data(), pairs, "anchors differ");
      CheckSame(columns.last_sec, first.columns().last_sec, pairs, "times differ");
      CheckSame(columns.ewma, first.columns().ewma, pairs, "latencies differ");
      CheckSame(columns.verdict, first.columns().verdict, base.targets, "verdicts differ");
      CheckSame(aggregator->changed(), first.changed(), changed, "changes differ");
      CheckSame(aggregator->tallies(), first.tallies(), first.tally_count(), "tallies differ");
    }
    if (kind == Kind::kOutages) Check(reference.opinion[0] == fleet::kHeld, "the flap guard did not wake");
    uint64_t tallied = 0;
    for (size_t at = 0; at < first.tally_count(); at++) tallied += first.tallies()[at];
    Check(tallied == rows.target.size(), "a result was lost");
    rows.Add({base.targets, 0, 0, 0, 0, 0});
    Check(aggregators[1]->Pass(rows.View(), now_sec).bad_row == rows.target.size() - 1, "a bad row was taken");
  }
}

}  // namespace

int main() {
  Shape shape;
  shape.rise = 2;
  shape.fall = 3;
  shape.is_guarded = true;
  shape.quorum_votes = 2;
  shape.quorum_regions = 2;
  shape.fresh_sec = 12;
  for (const auto& [targets, probers, sites, regions] :
       {std::array<uint32_t, 4>{1, 1, 1, 1}, {33, 3, 2, 3}, {500, 5, 3, 3}, {40, 13, 1, 4}, {3000, 5, 10, 3}}) {
    shape.targets = targets;
    shape.probers = probers;
    shape.sites = sites;
    shape.regions = regions;
    CompareAll(shape);
  }
  std::printf("fleet core: the same bits for every number of threads; %u NUMA node(s)\n", fleet::NumaNodes());
}
