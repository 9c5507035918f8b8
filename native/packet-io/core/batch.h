// Datagrams in batches: one system call takes up to 64 from a socket, one sends the replies. Knows nothing of Node. Linux only.
// Datagrams, replies and the facts about them lie in one block of memory that the caller owns and reads in place; nothing is
// copied here, and nothing allocated after construction.

#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "trains.h"

namespace packet_io {

/** Knot DNS, NSD and gdnsd take 10 to 64; beyond that, system calls are a small part of the cost, and the cache a larger one. */
constexpr uint32_t kBatchSize = 64;
static_assert(kBatchSize <= kMaxTrain, "a whole batch may be one train");

/** Where things are in the block: offsets and distances in octets. All multiples of 64 except the sizes of entries. */
struct Layout {
  /** uint32 for each datagram: its size as it was sent. If it is larger than max_query_size, the rest is lost. */
  uint32_t query_sizes_at = 0;
  /** uint32 for each datagram: the size of the reply that was written to its output slot, 0 if there is none. */
  uint32_t reply_sizes_at = 0;
  /** sockaddr_in or sockaddr_in6 for each datagram. */
  uint32_t senders_at = 0;
  uint32_t sender_stride = 0;
  uint32_t queries_at = 0;
  uint32_t query_stride = 0;
  uint32_t replies_at = 0;
  uint32_t reply_stride = 0;
  uint32_t max_query_size = 0;
  uint32_t max_reply_size = 0;
  uint32_t total_size = 0;
};

/** Both sizes in octets, 1..65535. */
Layout LayoutFor(uint32_t max_query_size, uint32_t max_reply_size);

/** What has been lost since the counts were taken last. */
struct Losses {
  /** Replies that the system refused to send. */
  uint32_t refused = 0;
  /** Replies dropped because the socket's send queue was full: a late answer helps nobody. */
  uint32_t overflowed = 0;
  /** Errors of the socket while receiving. */
  uint32_t receive_errors = 0;

  bool any() const { return (refused | overflowed | receive_errors) != 0; }
};

class Batch {
 public:
  /**
   * `memory` has layout.total_size octets, is aligned for a uint32, and outlives this. `fd` stays the caller's. Replies to one client
   * leave as trains (trains.h) if `wants_trains` and the kernel can.
   */
  Batch(int fd, uint8_t* memory, const Layout& layout, bool wants_trains = true);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /** Takes the datagrams that wait, and returns how many: 0 if there are none. */
  uint32_t Receive();

  /** Sends the replies to the datagrams received last; each leaves from the address that was asked. */
  void Send();

  /** Clears the errors of the socket itself, which would otherwise be reported again and again. */
  void ClearErrors();

  Losses TakeLosses();

 private:
  /** Room for the one control message that is asked for: which of our addresses a datagram was sent to. */
  struct Control {
    alignas(cmsghdr) char octets[CMSG_SPACE(sizeof(in6_pktinfo))];
  };

  /** Room for what goes with a train: the address it leaves from, and where it is to be cut. */
  struct TrainControl {
    alignas(cmsghdr) char octets[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
  };

  /** Makes the messages that carry all replies; returns how many. */
  uint32_t Load();
  /** Has a reply leave from the address that was asked. False if it has no other. */
  bool LoadSource(msghdr* query, msghdr* reply);
  void LoadControl(msghdr* query, const Trains::Train& train, uint32_t message);
  /** Sends the replies of a train that was refused as a whole, each by itself. */
  void SendSingly(const msghdr& train);
  /** Sends the reply of a batch of one, the usual case far from saturation: no train, and little memory touched. */
  void SendOnly();
  void SendOne(const msghdr& reply);

  const int fd_;
  uint8_t* const memory_;
  const Layout layout_;
  bool wants_destination_ = false;
  bool has_trains_ = false;
  /** Batches of several for which replies still go singly, after a train was refused. */
  uint32_t pause_ = 0;
  uint32_t count_ = 0;
  Losses losses_;
  mmsghdr queries_[kBatchSize];
  iovec query_vectors_[kBatchSize];
  mmsghdr replies_[kBatchSize];
  iovec reply_vectors_[kBatchSize];
  Control controls_[kBatchSize];
  TrainControl train_controls_[kBatchSize];
  Trains trains_;
};

}  // namespace packet_io
