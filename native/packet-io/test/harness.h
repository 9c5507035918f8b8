// What the tests of the core are made of: a server on a batch, clients that hear nobody else.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../../test/checks.h"
#include "../core/batch.h"
#include "../core/open.h"

namespace packet_io::test {

using checks::RunAll;
using checks::Test;

constexpr uint32_t kMaxQuery = 4096;
constexpr uint32_t kMaxReply = 1232;
using Octets = std::vector<uint8_t>;

/** A descriptor that is closed at the end. */
struct Fd {
  explicit Fd(int value) : fd(value) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd >= 0) close(fd);
  }
  const int fd;
};

inline uint16_t PortOf(int fd) {
  LocalName name;
  CHECK(GetLocalName(fd, &name) == 0);
  return name.port;
}

/** A batch on a socket, and its memory. */
struct Server {
  explicit Server(int fd) : socket(fd), layout(LayoutFor(kMaxQuery, kMaxReply)), memory(new uint8_t[layout.total_size]) {
    CHECK(fd >= 0);
    batch = std::make_unique<Batch>(fd, memory.get(), layout);
  }
  uint32_t query_size(uint32_t i) const { return Size(layout.query_sizes_at, i); }
  void set_reply_size(uint32_t i, uint32_t size) {
    std::memcpy(memory.get() + layout.reply_sizes_at + i * sizeof size, &size, sizeof size);
  }
  const uint8_t* query(uint32_t i) const { return memory.get() + layout.queries_at + i * layout.query_stride; }
  uint8_t* reply(uint32_t i) const { return memory.get() + layout.replies_at + i * layout.reply_stride; }
  uint8_t* sender(uint32_t i) const { return memory.get() + layout.senders_at + i * layout.sender_stride; }

  /** Answers what waits with the query itself, as much of it as has room; returns how many there were. */
  uint32_t EchoOnce() {
    const uint32_t count = batch->Receive();
    for (uint32_t i = 0; i < count; i++) {
      const uint32_t size = std::min({query_size(i), kMaxQuery, kMaxReply});
      std::memcpy(reply(i), query(i), size);
      set_reply_size(i, size);
    }
    batch->Send();
    return count;
  }

  Fd socket;
  Layout layout;
  std::unique_ptr<uint8_t[]> memory;
  std::unique_ptr<Batch> batch;

 private:
  uint32_t Size(uint32_t at, uint32_t i) const {
    uint32_t size;
    std::memcpy(&size, memory.get() + at + i * sizeof size, sizeof size);
    return size;
  }
};

inline UdpOptions Options(Sharing sharing = Sharing::kAlone) {
  UdpOptions options;
  options.sharing = sharing;
  options.receive_buffer_size = 4 * 1024 * 1024;
  return options;
}

/** A client that takes datagrams from this address and port only. */
inline int Connect(const char* address, uint16_t port) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(port);
  const bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
  if (!is_v4) inet_pton(AF_INET6, address, &v6.sin6_addr);
  const int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  const int buffer_size = 4 * 1024 * 1024;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof buffer_size);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto* name = is_v4 ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  CHECK(connect(fd, name, is_v4 ? sizeof v4 : sizeof v6) == 0);
  return fd;
}

inline void SendTo(int fd, const Octets& octets) {
  CHECK(send(fd, octets.data(), octets.size(), 0) == static_cast<ssize_t>(octets.size()));
}

/** The next datagram; ends the tests if none comes. */
inline Octets ReceiveFrom(int fd) {
  Octets octets(65536);
  const ssize_t size = recv(fd, octets.data(), octets.size(), 0);
  if (size < 0) {
    std::printf("FAIL no datagram came: %s\n", std::strerror(errno));
    std::exit(1);
  }
  octets.resize(static_cast<size_t>(size));
  return octets;
}

inline bool IsSilent(int fd) {
  uint8_t octet;
  return recv(fd, &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace packet_io::test
