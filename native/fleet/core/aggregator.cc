// One pass: look at the order of the batch; if its blocks of targets do not ascend, move its rows to their blocks (a stable
// radix partition, one digit); then work block by block, each by one thread; then add up the tallies.

#include "aggregator.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "numa.h"
#include "parallel.h"

namespace fleet {
namespace {

// 1024 targets of 5 probers are 80 KiB of state: a block stays in the second-level cache from its results to its verdicts.
constexpr unsigned kBlockShift = 10;
constexpr unsigned kLeastBlockShift = 4;
constexpr uint32_t kBlocksWanted = 64;
constexpr size_t kPiece = 4096;
constexpr size_t kPage = 4096;

unsigned BlockShift(uint32_t targets) {
  unsigned shift = kBlockShift;
  while (shift > kLeastBlockShift && (targets >> shift) < kBlocksWanted) shift--;
  return shift;
}

template <typename T>
T* AddColumn(std::vector<std::unique_ptr<Memory>>* columns, size_t count) {
  columns->push_back(std::make_unique<Memory>(count * sizeof(T)));
  return columns->back()->As<T>();
}

/** Writes to each page of [begin, end); what it holds stays. */
void Touch(void* data, size_t begin, size_t end) {
  auto* octets = static_cast<volatile uint8_t*>(data);
  for (size_t at = begin; at < end; at += kPage) octets[at] = octets[at];
}

}  // namespace

Memory::Memory(size_t size) : size_(size), data_(nullptr) {
  const size_t mapped = std::max(size, kPage);
  data_ = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data_ == MAP_FAILED) throw std::bad_alloc();
  madvise(data_, mapped, MADV_HUGEPAGE);  // fewer misses of the TLB; works without, too
}

Memory::~Memory() { munmap(data_, std::max(size_, kPage)); }

Aggregator::Aggregator(const Shape& shape, const uint16_t* site_of_target, const uint8_t* region_of_prober)
    : plan_{},
      threads_(std::max(1u, shape.threads)),
      block_shift_(BlockShift(shape.targets)),
      blocks_(((shape.targets - 1) >> block_shift_) + 1),
      changed_(sizeof(uint32_t) * shape.targets),
      tallies_(sizeof(uint32_t) * kRow * kFamilies * shape.sites * shape.regions),
      changed_in_(blocks_),
      bound_(blocks_ + 1) {
  plan_.shape = shape;
  const size_t pairs = static_cast<size_t>(shape.targets) * shape.probers;
  plan_.columns = {
      AddColumn<uint8_t>(&columns_, pairs),          AddColumn<uint8_t>(&columns_, pairs),
      AddColumn<uint16_t>(&columns_, pairs),         AddColumn<uint32_t>(&columns_, pairs),
      AddColumn<uint32_t>(&columns_, pairs),         AddColumn<uint32_t>(&columns_, pairs),
      AddColumn<uint8_t>(&columns_, shape.targets),
  };
  plan_.site_row.resize(shape.targets);
  for (uint32_t target = 0; target < shape.targets; target++) {
    plan_.site_row[target] = site_of_target[target] * shape.regions * kFamilies * kRow;
  }
  plan_.site_end.resize(shape.targets);
  for (uint32_t target = shape.targets; target-- > 0;) {
    const bool is_last = target + 1 == shape.targets || site_of_target[target + 1] != site_of_target[target];
    plan_.site_end[target] = is_last ? target + 1 : plan_.site_end[target + 1];
  }
  std::vector<bool> is_there(shape.regions);
  uint32_t regions_there = 0;
  for (uint32_t prober = 0; prober < shape.probers; prober++) {
    const uint32_t region = region_of_prober[prober];
    plan_.region_of_prober.push_back(static_cast<uint16_t>(region));
    plan_.prober_row.push_back(region * kFamilies * kRow);
    regions_there += !is_there[region];
    is_there[region] = true;
  }
  for (size_t at = 0; at < shape.probers + kChunk; at++) {
    plan_.prober_row_cycle.push_back(plan_.prober_row[at % shape.probers]);
  }
  plan_.all_up = shape.probers >= shape.quorum_votes && regions_there >= shape.quorum_regions ? kUp : kUnknown;
  for (unsigned thread = 0; thread < threads_; thread++) tallies_of_.push_back(std::make_unique<Memory>(tallies_.size()));
  TouchFirst();
}

Aggregator::BlockRange Aggregator::TargetsOf(uint32_t block) const {
  const uint64_t end = (static_cast<uint64_t>(block) + 1) << block_shift_;
  return {block << block_shift_, static_cast<uint32_t>(std::min<uint64_t>(plan_.shape.targets, end))};
}

void Aggregator::TouchFirst() {
  const unsigned nodes = plan_.shape.wants_numa ? NumaNodes() : 1;
  if (nodes > 1) ForkJoin(threads_, [&](unsigned thread, unsigned parts) { RunOnNode(thread * nodes / parts); });
  ForEachBlock(threads_, plan_.shape.schedule, blocks_, [this](unsigned, uint32_t block) {
    const BlockRange targets = TargetsOf(block);
    for (const auto& column : columns_) {
      const size_t each = column->size() / plan_.shape.targets;
      Touch(column->As<void>(), each * targets.begin, each * targets.end);
    }
  });
}

Aggregator::Order Aggregator::Inspect(const Batch& batch) {
  std::vector<Order> orders(threads_, {true, true});
  ForkJoin(threads_, [&](unsigned thread, unsigned parts) {
    const size_t begin = PartBegin(batch.count, thread, parts);
    const size_t end = PartBegin(batch.count, thread + 1, parts);
    Order& order = orders[thread];
    // Piece by piece, so that the second look at a target finds it in the cache.
    for (size_t piece = begin; piece < end; piece += kPiece) {
      const size_t stop = std::min(end, piece + kPiece);
      const Extent extent = ExtentOf(batch, piece, stop, block_shift_);
      if (extent.most_target >= plan_.shape.targets || extent.most_prober >= plan_.shape.probers) order.is_valid = false;
      if (!extent.is_ascending) order.is_ascending = false;
    }
  });
  Order all = {true, true};
  for (const Order& order : orders) {
    all.is_valid = all.is_valid && order.is_valid;
    all.is_ascending = all.is_ascending && order.is_ascending;
  }
  return all;
}

void Aggregator::FindBounds(const Batch& batch) {
  const unsigned shift = block_shift_;
  const uint32_t* end = batch.target + batch.count;
  const uint32_t* at = batch.target;
  for (uint32_t block = 0; block <= blocks_; block++) {
    at = std::lower_bound(at, end, block, [shift](uint32_t target, uint32_t wanted) { return (target >> shift) < wanted; });
    bound_[block] = static_cast<size_t>(at - batch.target);
  }
}

void Aggregator::Partition(const Batch& batch) {
  if (records_ == nullptr || records_->size() < batch.count * sizeof(Record)) {
    records_.reset();
    records_ = std::make_unique<Memory>(batch.count * sizeof(Record));
  }
  slots_.assign(static_cast<size_t>(threads_) * blocks_, 0);
  ForkJoin(threads_, [&](unsigned thread, unsigned parts) {
    size_t* counts = slots_.data() + static_cast<size_t>(thread) * blocks_;
    const size_t end = PartBegin(batch.count, thread + 1, parts);
    for (size_t at = PartBegin(batch.count, thread, parts); at < end; at++) counts[batch.target[at] >> block_shift_]++;
  });
  // Rows of a block in the order of the batch: those of the first thread's part first.
  size_t next = 0;
  for (uint32_t block = 0; block < blocks_; block++) {
    bound_[block] = next;
    for (unsigned thread = 0; thread < threads_; thread++) {
      size_t& slot = slots_[static_cast<size_t>(thread) * blocks_ + block];
      const size_t count = slot;
      slot = next;
      next += count;
    }
  }
  bound_[blocks_] = next;
  ForkJoin(threads_, [&](unsigned thread, unsigned parts) {
    size_t* slots = slots_.data() + static_cast<size_t>(thread) * blocks_;
    auto* records = records_->As<Record>();
    const size_t end = PartBegin(batch.count, thread + 1, parts);
    for (size_t at = PartBegin(batch.count, thread, parts); at < end; at++) {
      const uint32_t target = batch.target[at];
      records[slots[target >> block_shift_]++] = {target, batch.prober[at], batch.what[at], 0, batch.latency_us[at],
                                                  batch.at_sec[at]};
    }
  });
}

PassResult Aggregator::Pass(const Batch& batch, uint32_t now_sec) {
  const Order order = Inspect(batch);
  if (!order.is_valid) {
    size_t row = 0;
    while (batch.target[row] < plan_.shape.targets && batch.prober[row] < plan_.shape.probers) row++;
    return {row, 0};
  }
  if (order.is_ascending) {
    FindBounds(batch);
  } else {
    Partition(batch);
  }
  ForkJoin(threads_, [&](unsigned thread, unsigned) {
    std::memset(tallies_of_[thread]->As<uint32_t>(), 0, tallies_.size());
  });
  ForEachBlock(threads_, plan_.shape.schedule, blocks_, [&](unsigned thread, uint32_t block) {
    auto* tallies = tallies_of_[thread]->As<uint32_t>();
    if (order.is_ascending) {
      ApplyColumns(plan_, batch, bound_[block], bound_[block + 1], tallies);
    } else {
      const auto* records = records_->As<Record>();
      ApplyRecords(plan_, records + bound_[block], records + bound_[block + 1], tallies);
    }
    const BlockRange targets = TargetsOf(block);
    changed_in_[block] = Conclude(plan_, targets.begin, targets.end, now_sec, changed_.As<uint32_t>() + targets.begin);
  });
  ForkJoin(threads_, [&](unsigned thread, unsigned parts) {
    auto* sums = tallies_.As<uint32_t>();
    const size_t end = PartBegin(tally_count(), thread + 1, parts);
    const size_t begin = PartBegin(tally_count(), thread, parts);
    std::copy(tallies_of_[0]->As<uint32_t>() + begin, tallies_of_[0]->As<uint32_t>() + end, sums + begin);
    for (unsigned other = 1; other < parts; other++) {
      const auto* tallies = tallies_of_[other]->As<uint32_t>();
      for (size_t at = begin; at < end; at++) sums[at] += tallies[at];
    }
  });
  // Each block wrote to its own place; close the gaps.
  uint32_t changed = 0;
  for (uint32_t block = 0; block < blocks_; block++) {
    const uint32_t* found = changed_.As<uint32_t>() + TargetsOf(block).begin;
    std::memmove(changed_.As<uint32_t>() + changed, found, changed_in_[block] * sizeof(uint32_t));
    changed += changed_in_[block];
  }
  return {batch.count, changed};
}

}  // namespace fleet
