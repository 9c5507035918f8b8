// Sockets and connections to the server under test, and the file of queries.

#pragma once

#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "options.h"

namespace load {

constexpr size_t kMaxQuerySize = 512;  // octets
constexpr size_t kIds = 65536;         // identifiers of a socket
constexpr int kBufferSize = 8 << 20;   // octets the kernel may hold for us

struct Query {
  size_t offset, size;
};

struct QueryFile {
  std::vector<uint8_t> octets;
  std::vector<Query> queries;
};

/** The file: each message behind two octets of its size, as in a TCP stream (RFC 1035 section 4.2.2). */
inline QueryFile readQueries(const std::string &path) {
  QueryFile result;
  auto &[octets, queries] = result;
  FILE *file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) fail("cannot read %s: %s", path.c_str(), std::strerror(errno));
  std::vector<uint8_t> part(1 << 16);
  for (size_t n; (n = std::fread(part.data(), 1, part.size(), file)) > 0;)
    octets.insert(octets.end(), part.begin(), part.begin() + static_cast<ssize_t>(n));
  std::fclose(file);
  for (size_t at = 0; at + 2 <= octets.size();) {
    const size_t size = static_cast<size_t>(octets[at] << 8 | octets[at + 1]);
    const bool isQuery = size >= 12 && size <= kMaxQuerySize && at + 2 + size <= octets.size();
    if (!isQuery) fail("%s: not a query at octet %zu", path.c_str(), at);
    queries.push_back({at + 2, size});
    at += 2 + size;
  }
  if (queries.empty()) fail("%s holds no query", path.c_str());
  return result;
}

/** A socket or connection, and its queries under way by identifier. */
struct Channel {
  int fd = -1;
  bool isTcp = false;
  std::vector<uint64_t> sentAt = std::vector<uint64_t>(kIds, 0);  // 0 = not under way
  uint32_t next = 0, oldest = 0;                                  // identifiers, modulo 2^16
  uint64_t underWay = 0;
  std::vector<uint8_t> toSend, received;
};

inline void connectChannel(Channel &channel, const Options &o) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(o.port));
  if (inet_pton(AF_INET, o.address.c_str(), &to.sin_addr) != 1) fail("%s is not an IPv4 address", o.address.c_str());
  channel.fd = socket(AF_INET, channel.isTcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  if (channel.fd < 0) fail("socket: %s", std::strerror(errno));
  if (!channel.isTcp && setsockopt(channel.fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferSize, sizeof kBufferSize) != 0)
    setsockopt(channel.fd, SOL_SOCKET, SO_RCVBUF, &kBufferSize, sizeof kBufferSize);
  if (connect(channel.fd, reinterpret_cast<sockaddr *>(&to), sizeof to) != 0)
    fail("connect to %s port %d: %s", o.address.c_str(), o.port, std::strerror(errno));
  const int one = 1;
  if (channel.isTcp) setsockopt(channel.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(channel.fd, F_SETFL, O_NONBLOCK);
}

}  // namespace load
