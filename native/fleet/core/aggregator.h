// The fleet aggregator: state of all (target, prober) pairs, and the pass that takes a batch of results to verdicts and
// tallies. Memory is the aggregator's own: each thread is the first to touch what it will work on.

#ifndef FLEET_AGGREGATOR_H_
#define FLEET_AGGREGATOR_H_

#include <memory>
#include <vector>

#include "block.h"
#include "layout.h"

namespace fleet {

/** Octets of zeros that no thread has touched yet. */
class Memory {
 public:
  explicit Memory(size_t size);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  template <typename T>
  T* As() const {
    return static_cast<T*>(data_);
  }
  size_t size() const { return size_; }

 private:
  size_t size_;
  void* data_;
};

struct PassResult {
  // Less than the size of the batch: this row names a target or prober that is not there, and nothing was changed.
  size_t bad_row;
  uint32_t changed;
};

class Aggregator {
 public:
  /** Sites by target and regions by prober are below shape.sites and shape.regions. Throws std::bad_alloc. */
  Aggregator(const Shape& shape, const uint16_t* site_of_target, const uint8_t* region_of_prober);

  /**
   * Takes a batch. What it finds is in changed() and tallies() until the next pass. The bits do not depend on the number of
   * threads: pairs and targets have one owner each, and tallies are sums of integers.
   */
  PassResult Pass(const Batch& batch, uint32_t now_sec);

  const Columns& columns() const { return plan_.columns; }
  /** Targets whose verdict changed, ascending. */
  const uint32_t* changed() const { return changed_.As<uint32_t>(); }
  const uint32_t* tallies() const { return tallies_.As<uint32_t>(); }
  size_t targets() const { return plan_.shape.targets; }
  size_t pairs() const { return targets() * plan_.shape.probers; }
  size_t tally_count() const { return tallies_.size() / sizeof(uint32_t); }

 private:
  struct Order {
    bool is_valid;
    bool is_ascending;
  };
  struct BlockRange {
    uint32_t begin;
    uint32_t end;
  };

  BlockRange TargetsOf(uint32_t block) const;
  Order Inspect(const Batch& batch);
  void FindBounds(const Batch& batch);
  void Partition(const Batch& batch);
  void TouchFirst();

  Plan plan_;
  unsigned threads_;
  unsigned block_shift_;
  uint32_t blocks_;
  std::vector<std::unique_ptr<Memory>> columns_;
  Memory changed_;
  Memory tallies_;
  // Of each thread, so that no two write to the same line.
  std::vector<std::unique_ptr<Memory>> tallies_of_;
  std::vector<uint32_t> changed_in_;
  std::vector<size_t> bound_;
  std::vector<size_t> slots_;
  std::unique_ptr<Memory> records_;
};

}  // namespace fleet

#endif
