#include "open.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

// Values of the kernel's interface that older C libraries do not name.
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

namespace packet_io {
namespace {

/** Closes the descriptor when it goes out of scope, unless it was released. */
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

bool Set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value) == 0; }

/** The size of the address, 0 if the text is none. */
socklen_t Parse(const char* text, uint16_t port, Address* address) {
  std::memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    return sizeof address->v4;
  }
  if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return sizeof address->v6;
  }
  return 0;
}

int Open(int type, const char* text, uint16_t port, Sharing sharing) {
  Address address;
  const socklen_t size = Parse(text, port, &address);
  if (size == 0) return -EINVAL;
  const int family = address.any.sa_family;
  Descriptor fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return -errno;
  if (family == AF_INET6 && !Set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) return -errno;
  // Connections of a server that has just ended may linger on the port; a listening one still keeps it.
  if (type == SOCK_STREAM && !Set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1)) return -errno;
  if (sharing == Sharing::kJoin && !Set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) return -errno;
  if (bind(fd.get(), &address.any, size) != 0) return -errno;
  // The kernel lets sockets join one that asks for it after it was bound.
  if (sharing == Sharing::kFirst && !Set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) return -errno;
  return fd.release();
}

/** Beyond the limit for everybody if we may, up to it if not. Less than asked for is no error. */
void SetBuffer(int fd, int force, int ordinary, int size) {
  if (size > 0 && !Set(fd, SOL_SOCKET, force, size)) Set(fd, SOL_SOCKET, ordinary, size);
}

int SetUdpOptions(int fd, const UdpOptions& options) {
  LocalName name;
  const int status = GetLocalName(fd, &name);
  if (status < 0) return status;
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer_size);
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_size);
  if (options.busy_poll_us > 0 && !Set(fd, SOL_SOCKET, SO_BUSY_POLL, options.busy_poll_us)) return -errno;
  // Path MTU discovery is forgeable and useless for replies that fit every path (RFC 9715): OMIT ignores what it is told, sends
  // without DF, and fragments nothing that the interface itself takes whole.
  if (name.family == AF_INET6) {
    if (!Set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)) Set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  }
  // An IPv6 socket that takes IPv4 as well has both options.
  if (!Set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)) Set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  if (!name.is_wildcard) return 0; // its replies have no other source than its address
  const bool is_v6 = name.family == AF_INET6;
  const bool is_set =
      is_v6 ? Set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : Set(fd, IPPROTO_IP, IP_PKTINFO, 1);
  return is_set ? 0 : -errno;
}

int Finish(Descriptor* fd, const UdpOptions& options) {
  if (fd->get() < 0) return fd->release();
  const int status = SetUdpOptions(fd->get(), options);
  return status < 0 ? status : fd->release();
}

}  // namespace

int OpenUdp(const char* address, uint16_t port, const UdpOptions& options) {
  const int opened = Open(SOCK_DGRAM, address, port, options.sharing);
  if (opened < 0) return opened;
  Descriptor fd(opened);
  return Finish(&fd, options);
}

int AdoptUdp(int adopted, const UdpOptions& options) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(adopted, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return -errno;
  if (type != SOCK_DGRAM) return -EPROTOTYPE;
  const int duplicate = Duplicate(adopted);
  if (duplicate < 0) return duplicate;
  Descriptor fd(duplicate);
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  return Finish(&fd, options);
}

int OpenTcp(const char* address, uint16_t port, Sharing sharing, int backlog) {
  const int opened = Open(SOCK_STREAM, address, port, sharing);
  if (opened < 0) return opened;
  Descriptor fd(opened);
  if (listen(fd.get(), backlog) != 0) return -errno;
  return fd.release();
}

int Duplicate(int fd) {
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return duplicate < 0 ? -errno : duplicate;
}

int GetLocalName(int fd, LocalName* name) {
  Address address;
  std::memset(&address, 0, sizeof address);
  socklen_t size = sizeof address;
  if (getsockname(fd, &address.any, &size) != 0) return -errno;
  name->family = address.any.sa_family;
  if (name->family == AF_INET) {
    name->port = ntohs(address.v4.sin_port);
    name->is_wildcard = address.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return 0;
  }
  if (name->family == AF_INET6) {
    name->port = ntohs(address.v6.sin6_port);
    name->is_wildcard = IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr);
    int only_v6 = 1;
    size = sizeof only_v6;
    if (getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, &size) != 0) return -errno;
    name->is_dual_stack = only_v6 == 0;
    return 0;
  }
  return -EAFNOSUPPORT;
}

uint32_t KernelDrops(int fd) {
  // The number that SO_RXQ_OVFL would put beside each datagram, without its cost, and known even if none comes any more.
  uint32_t facts[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof facts;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, facts, &size) != 0) return 0;
  return size > SK_MEMINFO_DROPS * sizeof(uint32_t) ? facts[SK_MEMINFO_DROPS] : 0;
}

}  // namespace packet_io
