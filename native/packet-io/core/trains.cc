#include "trains.h"

#include <netinet/in.h>

#include <cstddef>
#include <cstring>

namespace packet_io {
namespace {

uint32_t Word(const void* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/** Port and address, as both kinds of sockaddr have them: the last four octets of an address differ most. */
uint32_t Hash(const msghdr& query, uint32_t size) {
  const auto* name = static_cast<const uint8_t*>(query.msg_name);
  const bool is_v6 = query.msg_namelen >= sizeof(sockaddr_in6);
  const uint32_t address = Word(name + (is_v6 ? offsetof(sockaddr_in6, sin6_addr) + 12 : offsetof(sockaddr_in, sin_addr)));
  // Multiplicative hashing (Knuth, TAOCP 6.4); family and port are the first word.
  return ((Word(name) ^ address ^ (size << 8)) * 0x9E3779B1u) >> 25;
}

/** Whether both came from one client to one of our addresses. */
bool IsSameWay(const msghdr& a, const msghdr& b) {
  if (a.msg_namelen != b.msg_namelen || std::memcmp(a.msg_name, b.msg_name, a.msg_namelen) != 0) return false;
  if (a.msg_controllen != b.msg_controllen) return false;
  if (a.msg_controllen < sizeof(cmsghdr)) return true;
  const cmsghdr* mine = CMSG_FIRSTHDR(&a);
  const cmsghdr* other = CMSG_FIRSTHDR(&b);
  return mine->cmsg_len == other->cmsg_len && std::memcmp(mine, other, mine->cmsg_len) == 0;
}

}  // namespace

void Trains::Clear() {
  count_ = 0;
  std::memset(slots_, kNone, sizeof slots_);
}

void Trains::Add(uint32_t reply, const msghdr& query, uint32_t size, bool may_join) {
  const auto index = static_cast<uint8_t>(reply);
  if (may_join && size <= kMaxSegmentSize && query.msg_namelen >= sizeof(sockaddr_in)) {
    uint8_t& slot = slots_[Hash(query, size)];
    if (slot != kNone) {
      Train& train = trains_[slot];
      if (train.size == size && (train.count + 1u) * size <= kMaxTrainSize && IsSameWay(*queries_[slot], query)) {
        next_[train.last] = index;
        train.last = index;
        train.count++;
        return;
      }
    }
    slot = static_cast<uint8_t>(count_);
  }
  queries_[count_] = &query;
  trains_[count_++] = {index, index, 1, size};
}

}  // namespace packet_io
