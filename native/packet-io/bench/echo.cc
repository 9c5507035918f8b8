// The yardstick of `npm run bench`: next to nothing done for a query. It takes as many datagrams as are there, at most 64, in one
// system call, sets their QR bit and sends all of them back in another. It waits inside the first call, without an event loop, so
// no server costs less that sends each reply by itself. (Those that let the kernel cut replies to one client, as Meridian does, may.)
// Usage: echo ADDRESS PORT

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kBatch = 64;
constexpr int kReceiveBufferSize = 4 * 1024 * 1024;
/** A little more than one page, so that the first octets of two datagrams do not compete for one cache set. */
constexpr size_t kSlotSize = 4096 + 64;

alignas(64) uint8_t datagrams[kBatch][kSlotSize];
sockaddr_in6 senders[kBatch];
iovec vectors[kBatch];
mmsghdr headers[kBatch];

int Fail(const char* what) {
  std::fprintf(stderr, "echo: %s: %s\n", what, std::strerror(errno));
  return 1;
}

int Open(const char* address, uint16_t port) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v6 = std::strchr(address, ':') != nullptr;
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const int parsed = is_v6 ? inet_pton(AF_INET6, address, &v6.sin6_addr) : inet_pton(AF_INET, address, &v4.sin_addr);
  if (parsed != 1) {
    errno = EINVAL;
    return -1;
  }
  const int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferSize, sizeof kReceiveBufferSize);
  const sockaddr* name = is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  return bind(fd, name, is_v6 ? sizeof v6 : sizeof v4) == 0 ? fd : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: echo ADDRESS PORT\n");
    return 2;
  }
  const int fd = Open(argv[1], static_cast<uint16_t>(std::atoi(argv[2])));
  if (fd < 0) return Fail(argv[1]);
  for (int i = 0; i < kBatch; i++) {
    headers[i].msg_hdr.msg_name = &senders[i];
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    vectors[i].iov_base = datagrams[i];
  }
  for (;;) {
    for (int i = 0; i < kBatch; i++) {
      vectors[i].iov_len = kSlotSize;
      headers[i].msg_hdr.msg_namelen = sizeof senders[i];
    }
    const int count = recvmmsg(fd, headers, kBatch, MSG_WAITFORONE, nullptr);
    if (count < 0) {
      if (errno == EINTR) continue;
      return Fail("recvmmsg");
    }
    for (int i = 0; i < count; i++) {
      vectors[i].iov_len = headers[i].msg_len;
      if (headers[i].msg_len > 2) datagrams[i][2] |= 0x80;
    }
    // What cannot be sent is lost, as in any server of UDP.
    for (int sent = 0; sent < count;) {
      const int more = sendmmsg(fd, headers + sent, static_cast<unsigned>(count - sent), MSG_DONTWAIT);
      sent += more > 0 ? more : 1;
    }
  }
}
