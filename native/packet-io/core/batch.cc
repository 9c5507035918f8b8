#include "batch.h"

#include <cerrno>
#include <cstring>

#include "open.h"

// Values of the kernel's interface that older C libraries do not name.
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

namespace packet_io {
namespace {

constexpr uint32_t kLine = 64;
/** Errors in a row after which receiving waits for the next readiness of the socket. */
constexpr uint32_t kMaxErrors = 8;
/** Batches after a refused train in which none is tried: a way out that cannot cut them costs one system call in so many, not in two. */
constexpr uint32_t kTrainPause = 1000;

constexpr uint32_t RoundUp(uint32_t size) { return (size + kLine - 1) / kLine * kLine; }

/**
 * Room for `size` octets in an odd number of cache lines: what is read of each datagram, its first lines, then lies in all sets of the
 * cache in turn. With 4,096 octets the 64 slots would compete for the same few.
 */
constexpr uint32_t Stride(uint32_t size) { return RoundUp(size) | kLine; }

/** Turns the control message of a datagram into that of its reply. The route, not the interface it came in by, is decisive. */
void Reverse(msghdr* message) {
  cmsghdr* header = CMSG_FIRSTHDR(message);
  if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    info.ipi_ifindex = 0;
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
  } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    // A link-local address means nothing without its interface.
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
  }
}

/** Before Linux 4.18 the control message would be ignored, and a train leave as one long datagram. */
bool CanCutTrains(int fd) {
  int size = 0;
  socklen_t length = sizeof size;
  return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &length) == 0;
}

}  // namespace

Layout LayoutFor(uint32_t max_query_size, uint32_t max_reply_size) {
  Layout layout;
  layout.max_query_size = max_query_size;
  layout.max_reply_size = max_reply_size;
  layout.query_sizes_at = 0;
  layout.reply_sizes_at = layout.query_sizes_at + kBatchSize * static_cast<uint32_t>(sizeof(uint32_t));
  layout.senders_at = layout.reply_sizes_at + kBatchSize * static_cast<uint32_t>(sizeof(uint32_t));
  layout.sender_stride = 32;
  static_assert(sizeof(sockaddr_in6) <= 32, "a sender has room in its entry");
  layout.queries_at = layout.senders_at + kBatchSize * layout.sender_stride;
  layout.query_stride = Stride(max_query_size);
  layout.replies_at = layout.queries_at + kBatchSize * layout.query_stride;
  layout.reply_stride = Stride(max_reply_size);
  layout.total_size = layout.replies_at + kBatchSize * layout.reply_stride;
  return layout;
}

Batch::Batch(int fd, uint8_t* memory, const Layout& layout, bool wants_trains) : fd_(fd), memory_(memory), layout_(layout) {
  LocalName name;
  const bool is_internet = GetLocalName(fd, &name) == 0;
  wants_destination_ = is_internet && name.is_wildcard;
  has_trains_ = wants_trains && is_internet && CanCutTrains(fd);
  std::memset(queries_, 0, sizeof queries_);
  std::memset(replies_, 0, sizeof replies_);
  for (uint32_t i = 0; i < kBatchSize; i++) {
    query_vectors_[i] = {memory + layout.queries_at + i * layout.query_stride, layout.max_query_size};
    msghdr& query = queries_[i].msg_hdr;
    query.msg_name = memory + layout.senders_at + i * layout.sender_stride;
    query.msg_iov = &query_vectors_[i];
    query.msg_iovlen = 1;
    query.msg_control = wants_destination_ ? controls_[i].octets : nullptr;
  }
  count_ = kBatchSize; // all headers have to be made ready
}

uint32_t Batch::Receive() {
  for (uint32_t i = 0; i < count_; i++) {
    msghdr& query = queries_[i].msg_hdr;
    query.msg_namelen = layout_.sender_stride;
    query.msg_controllen = wants_destination_ ? sizeof(Control) : 0;
  }
  count_ = 0;
  for (uint32_t errors = 0; errors < kMaxErrors;) {
    // With MSG_TRUNC, msg_len is the size of the datagram even if not all of it has room.
    const int received = recvmmsg(fd_, queries_, kBatchSize, MSG_DONTWAIT | MSG_TRUNC, nullptr);
    if (received >= 0) {
      count_ = static_cast<uint32_t>(received);
      break;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    errors++;
    // An error that ICMP reported for an earlier reply comes here once, ahead of the datagrams.
    if (errno != EINTR) losses_.receive_errors++;
  }
  uint32_t* sizes = reinterpret_cast<uint32_t*>(memory_ + layout_.query_sizes_at);
  for (uint32_t i = 0; i < count_; i++) sizes[i] = queries_[i].msg_len;
  return count_;
}

uint32_t Batch::Load() {
  const uint32_t* sizes = reinterpret_cast<const uint32_t*>(memory_ + layout_.reply_sizes_at);
  const bool may_join = has_trains_ && pause_ == 0;
  if (pause_ > 0) pause_--;
  trains_.Clear();
  for (uint32_t i = 0; i < count_; i++) {
    if (sizes[i] == 0 || sizes[i] > layout_.max_reply_size) continue;
    trains_.Add(i, queries_[i].msg_hdr, sizes[i], may_join);
  }
  iovec* vector = reply_vectors_;
  for (uint32_t i = 0; i < trains_.count(); i++) {
    const Trains::Train& train = trains_.train(i);
    msghdr& query = queries_[train.first].msg_hdr;
    msghdr& message = replies_[i].msg_hdr;
    message.msg_name = query.msg_name;
    message.msg_namelen = query.msg_namelen;
    message.msg_iov = vector;
    message.msg_iovlen = train.count;
    for (uint32_t reply = train.first;; reply = trains_.next(reply)) {
      *vector++ = {memory_ + layout_.replies_at + reply * layout_.reply_stride, train.size};
      if (reply == train.last) break;
    }
    LoadControl(&query, train, i);
  }
  return trains_.count();
}

bool Batch::LoadSource(msghdr* query, msghdr* reply) {
  const bool has_source = wants_destination_ && query->msg_controllen >= sizeof(cmsghdr);
  if (has_source) Reverse(query);
  reply->msg_control = has_source ? query->msg_control : nullptr;
  reply->msg_controllen = has_source ? query->msg_controllen : 0;
  return has_source;
}

void Batch::LoadControl(msghdr* query, const Trains::Train& train, uint32_t message) {
  msghdr& reply = replies_[message].msg_hdr;
  const bool has_source = LoadSource(query, &reply);
  if (train.count == 1) return;
  char* at = train_controls_[message].octets;
  if (has_source) {
    const size_t size = CMSG_FIRSTHDR(query)->cmsg_len;
    std::memcpy(at, CMSG_FIRSTHDR(query), size);
    at += CMSG_ALIGN(size);
  }
  auto* header = reinterpret_cast<cmsghdr*>(at);
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  const auto segment = static_cast<uint16_t>(train.size);
  std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
  reply.msg_control = train_controls_[message].octets;
  reply.msg_controllen = static_cast<size_t>(at - train_controls_[message].octets) + CMSG_SPACE(sizeof(uint16_t));
}

void Batch::Send() {
  if (count_ == 1) return SendOnly();
  const uint32_t count = Load();
  for (uint32_t at = 0, reports = 0; at < count;) {
    const int sent = sendmmsg(fd_, replies_ + at, count - at, MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<uint32_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      for (; at < count; at++) losses_.overflowed += trains_.train(at).count;
      return;
    } else if (errno == ECONNREFUSED && reports < kMaxErrors) {
      // What ICMP said of an earlier reply is reported in place of sending this one.
      losses_.receive_errors++;
      reports++;
    } else {
      // The first of them was refused; the others have a chance.
      if (trains_.train(at).count > 1) SendSingly(replies_[at].msg_hdr);
      else losses_.refused++;
      at++;
    }
  }
}

void Batch::SendOnly() {
  const uint32_t size = *reinterpret_cast<const uint32_t*>(memory_ + layout_.reply_sizes_at);
  if (size == 0 || size > layout_.max_reply_size) return;
  msghdr& query = queries_[0].msg_hdr;
  iovec vector{memory_ + layout_.replies_at, size};
  msghdr reply{};
  reply.msg_name = query.msg_name;
  reply.msg_namelen = query.msg_namelen;
  reply.msg_iov = &vector;
  reply.msg_iovlen = 1;
  LoadSource(&query, &reply);
  SendOne(reply);
}

void Batch::SendSingly(const msghdr& train) {
  pause_ = kTrainPause;
  msghdr single = train;
  // The cut comes last, behind the address if there is one.
  single.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
  if (single.msg_controllen == 0) single.msg_control = nullptr;
  single.msg_iovlen = 1;
  for (size_t i = 0; i < train.msg_iovlen; i++) {
    single.msg_iov = train.msg_iov + i;
    SendOne(single);
  }
}

void Batch::SendOne(const msghdr& reply) {
  ssize_t sent = sendmsg(fd_, &reply, MSG_DONTWAIT);
  if (sent < 0 && errno == ECONNREFUSED) {
    losses_.receive_errors++; // of an earlier reply, as in Send
    sent = sendmsg(fd_, &reply, MSG_DONTWAIT);
  }
  if (sent >= 0) return;
  if (errno == EAGAIN || errno == EWOULDBLOCK) losses_.overflowed++;
  else losses_.refused++;
}

void Batch::ClearErrors() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) losses_.receive_errors++;
  // Somebody who opened the socket for us may have asked for reports of errors.
  for (uint32_t i = 0; i < kBatchSize; i++) {
    msghdr report{};
    if (recvmsg(fd_, &report, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    losses_.receive_errors++;
  }
}

Losses Batch::TakeLosses() {
  const Losses losses = losses_;
  losses_ = Losses{};
  return losses;
}

}  // namespace packet_io
