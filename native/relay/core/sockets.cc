#include "sockets.h"

#include <arpa/inet.h>
#include <linux/tcp.h>  // that of the C library ends before the least round trip
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <ctime>

namespace relay {
namespace {

/** As JavaScript reads it. What the kernel has not measured is all ones there. */
int32_t MicrosecondsOf(uint32_t value) { return value == UINT32_MAX ? 0 : static_cast<int32_t>(std::min<uint32_t>(value, INT32_MAX)); }

}  // namespace

Name NameOf(const sockaddr_storage& address) {
  Name name;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    name.family = 4;
    name.port = ntohs(v4.sin_port);
    std::memcpy(name.octets, &v4.sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    name.family = 6;
    name.port = ntohs(v6.sin6_port);
    std::memcpy(name.octets, &v6.sin6_addr, 16);
  }
  return name;
}

bool ParseName(const char* text, uint16_t port, Name* name) {
  name->port = port;
  name->family = 4;
  if (inet_pton(AF_INET, text, name->octets) == 1) return true;
  name->family = 6;
  return inet_pton(AF_INET6, text, name->octets) == 1;
}

Name LocalName(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? NameOf(address) : Name();
}

int BeginConnect(const Name& server) {
  if (server.family == 0) return -EINVAL;
  const int fd = socket(server.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(server.port);
  std::memcpy(&v4.sin_addr, server.octets, 4);
  std::memcpy(&v6.sin6_addr, server.octets, 16);
  const int status = server.family == 4 ? connect(fd, reinterpret_cast<sockaddr*>(&v4), sizeof v4)
                                        : connect(fd, reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  if (status == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

int TakeError(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

RoundTrip RoundTripOf(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  // An older kernel (before 4.6) fills less of it.
  if (size < offsetof(tcp_info, tcpi_min_rtt) + sizeof info.tcpi_min_rtt || info.tcpi_bytes_acked == 0) return {};
  const RoundTrip found{MicrosecondsOf(info.tcpi_rtt), MicrosecondsOf(info.tcpi_min_rtt)};
  return found.smoothed_us > 0 && found.least_us > 0 ? found : RoundTrip();
}

void ResetAndClose(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

void SetUpListener(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

double MonotonicMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1000 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace relay
