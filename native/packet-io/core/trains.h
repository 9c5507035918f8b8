// Which replies of a batch go to the same client and have the same size. The kernel takes those as one message and cuts it again
// (UDP_SEGMENT, "generic segmentation offload", Linux 4.18): they pass its layers once instead of each by itself. On the wire they
// are the same datagrams. Forwarders and balancers (dnsdist, say) ask from a few ports, so most of a batch may share one; a resolver
// asks from a new port each time and gains nothing, nor loses more than some nanoseconds.
// Pure: knows no socket. Nothing is allocated. Replies to one client that differ in size may overtake one another, as UDP allows.

#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace packet_io {

/** The most segments that every kernel with UDP_SEGMENT takes (UDP_MAX_SEGMENTS), so a batch may be one train. */
constexpr uint32_t kMaxTrain = 64;
/** Octets of a train: a UDP payload over IPv4 has at most 65,507. */
constexpr uint32_t kMaxTrainSize = 65'000;
/** Larger replies go alone: a segment must fit what the way out takes whole, and 1,280 octets less headers is what all do (RFC 8200). */
constexpr uint32_t kMaxSegmentSize = 1232;

class Trains {
 public:
  struct Train {
    /** The reply that began it, and the one added last. */
    uint8_t first;
    uint8_t last;
    uint8_t count;
    /** Octets of each reply. */
    uint32_t size;
  };

  Trains() { Clear(); }

  /** Forgets all replies. */
  void Clear();

  /**
   * Adds a reply of `size` octets, `reply` < 64, each once. `query` is the header of its question: its msg_name is the client, and
   * its first control message, if any, which of our addresses was asked. If not `may_join`, the reply is a train of its own.
   */
  void Add(uint32_t reply, const msghdr& query, uint32_t size, bool may_join);

  uint32_t count() const { return count_; }
  const Train& train(uint32_t i) const { return trains_[i]; }
  /** The reply that follows `reply` in its train; only where it is not the last. */
  uint32_t next(uint32_t reply) const { return next_[reply]; }

 private:
  /** Twice the batch, so that clients seldom share a slot; if they do, the later takes it and the earlier gains nothing more. */
  static constexpr uint32_t kSlots = 128;
  static constexpr uint8_t kNone = 0xff;

  uint32_t count_;
  uint8_t slots_[kSlots];
  uint8_t next_[kMaxTrain];
  Train trains_[kMaxTrain];
  const msghdr* queries_[kMaxTrain];
};

}  // namespace packet_io
