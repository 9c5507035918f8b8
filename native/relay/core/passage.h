// One client and its server made one connection: what arrives at one leaves at the other, no faster than that one takes it. An end of one
// direction is passed on and leaves the other direction open.
// Sockets are watched edge-triggered, so what was ready stays so until a call of the system has said that it is not.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace relay {

constexpr size_t kReadSize = 65536;

/** Octets that one side has sent and the other has not taken yet. */
class Pending {
 public:
  size_t size() const { return size_; }
  const uint8_t* data() const { return octets_.get() + offset_; }
  void Keep(const uint8_t* octets, size_t size);
  /** Forgets the first `size`; the memory of all is freed with the last. */
  void Drop(size_t size);

 private:
  std::unique_ptr<uint8_t[]> octets_;
  size_t offset_ = 0;
  size_t size_ = 0;
};

/** A socket of the two. */
struct Side {
  int fd = -1;
  /** No other socket has the same: what the kernel says of one that is gone is taken for nobody's. */
  uint32_t generation = 0;
  bool is_readable = false;
  bool is_writable = false;
  /** A read that finds little is not the last: its end is on the way, or urgent octets were, where a read stops. */
  bool is_to_drain = false;
  /** It has said its last. */
  bool is_read_to_end = false;
  /** It was told that the other one has. */
  bool is_told_end = false;
  /** What it is to be sent. */
  Pending pending;
};

enum class Progress {
  /** There is nothing more to do until a socket is ready again. */
  kWaits,
  /** There is more, but others are to have their turn. */
  kMore,
  kBroken,
};

struct Passage {
  enum class State : uint8_t { kFree, kHeld, kConnecting, kRelaying, kOver };

  State state = State::kFree;
  /** The client waits for somebody to read it, who is to be told when there is something. */
  bool is_heard = false;
  Side client;
  Side server;
  double begun_ms = 0;

  /** Octets that came from either side, and what of them was told. */
  uint64_t moved = 0;
  uint64_t told = 0;
  /** Grows whenever anything moves in either direction. */
  uint64_t progress = 0;
  /** Octets that the client's system has taken. */
  uint64_t taken = 0;

  double idle_timeout_ms = 0;
  double stall_timeout_ms = 0;
  uint64_t seen_progress = 0;
  uint64_t seen_taken = 0;
  double progress_at_ms = 0;
  double taken_at_ms = 0;

  /** Moves what it can from one side to the other by way of `buffer`, which has kReadSize octets. */
  Progress Move(Side& from, Side& to, uint8_t* buffer);

  bool is_finished() const { return client.is_read_to_end && server.is_read_to_end && !has_pending(); }
  bool has_pending() const { return client.pending.size() > 0 || server.pending.size() > 0; }
  uint64_t TakeMoved();

 private:
  bool Send(Side& to, const uint8_t* octets, size_t size, size_t* sent);
};

}  // namespace relay
