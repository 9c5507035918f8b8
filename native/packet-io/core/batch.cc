#include "batch.h"

#include <cerrno>
#include <cstring>

#include "open.h"

namespace packet_io {
namespace {

constexpr uint32_t kLine = 64;
/** Errors in a row after which receiving waits for the next readiness of the socket. */
constexpr uint32_t kMaxErrors = 8;

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

Batch::Batch(int fd, uint8_t* memory, const Layout& layout) : fd_(fd), memory_(memory), layout_(layout) {
  LocalName name;
  wants_destination_ = GetLocalName(fd, &name) == 0 && name.is_wildcard;
  std::memset(queries_, 0, sizeof queries_);
  std::memset(replies_, 0, sizeof replies_);
  for (uint32_t i = 0; i < kBatchSize; i++) {
    query_vectors_[i] = {memory + layout.queries_at + i * layout.query_stride, layout.max_query_size};
    msghdr& query = queries_[i].msg_hdr;
    query.msg_name = memory + layout.senders_at + i * layout.sender_stride;
    query.msg_iov = &query_vectors_[i];
    query.msg_iovlen = 1;
    query.msg_control = wants_destination_ ? controls_[i].octets : nullptr;
    msghdr& reply = replies_[i].msg_hdr;
    reply.msg_iov = &reply_vectors_[i];
    reply.msg_iovlen = 1;
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

void Batch::Send() {
  const uint32_t* sizes = reinterpret_cast<const uint32_t*>(memory_ + layout_.reply_sizes_at);
  uint32_t count = 0;
  for (uint32_t i = 0; i < count_; i++) {
    if (sizes[i] == 0 || sizes[i] > layout_.max_reply_size) continue;
    reply_vectors_[count] = {memory_ + layout_.replies_at + i * layout_.reply_stride, sizes[i]};
    msghdr& query = queries_[i].msg_hdr;
    msghdr& reply = replies_[count].msg_hdr;
    reply.msg_name = query.msg_name;
    reply.msg_namelen = query.msg_namelen;
    if (wants_destination_ && query.msg_controllen >= sizeof(cmsghdr)) {
      Reverse(&query);
      reply.msg_control = query.msg_control;
      reply.msg_controllen = query.msg_controllen;
    } else {
      reply.msg_control = nullptr;
      reply.msg_controllen = 0;
    }
    count++;
  }
  for (uint32_t at = 0, reports = 0; at < count;) {
    const int sent = sendmmsg(fd_, replies_ + at, count - at, MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<uint32_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      losses_.overflowed += count - at;
      return;
    } else if (errno == ECONNREFUSED && reports < kMaxErrors) {
      // What ICMP said of an earlier reply is reported in place of sending this one.
      losses_.receive_errors++;
      reports++;
    } else {
      // The first of them was refused; the others have a chance.
      losses_.refused++;
      at++;
    }
  }
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
