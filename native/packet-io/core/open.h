// Opening of sockets for a DNS server: addresses in, descriptors out. Knows nothing of Node. Linux only.
// Every function returns a negative errno when it fails, and then leaves nothing open.

#pragma once

#include <cstdint>

namespace packet_io {

/**
 * Who else may have the port. Sockets of one user that share it form a SO_REUSEPORT group: the kernel gives each datagram or
 * connection to the member that a hash of both addresses and ports selects. That is the choice of this project, rather than a program
 * that maps CPUs to sockets: a resolver asks from thousands of ports, so its load spreads over all workers whatever core its packets
 * come in on, and a worker that has died takes no fixed set of clients with it.
 */
enum class Sharing {
  /** Nobody. */
  kAlone,
  /** Nobody has it yet (EADDRINUSE otherwise), others may join. Tells a second server started by mistake from a second worker. */
  kFirst,
  /** Others that share it may have it already. */
  kJoin,
};

struct UdpOptions {
  Sharing sharing = Sharing::kAlone;
  /** Octets; what the kernel grants may be less (net.core.rmem_max, wmem_max) for those without CAP_NET_ADMIN. */
  int receive_buffer_size = 0;
  int send_buffer_size = 0;
  /** Microseconds that a receive looks for packets at the network card before it gives up (SO_BUSY_POLL); 0 = never. */
  int busy_poll_us = 0;
};

/** A bound, non-blocking UDP socket. `address` is numeric; an IPv6 one is for IPv6 only. Port 0 takes a free one. */
int OpenUdp(const char* address, uint16_t port, const UdpOptions& options);

/** The same from a socket that somebody else opened, which stays open: options of its own descriptor are set, not its address. */
int AdoptUdp(int fd, const UdpOptions& options);

/** A listening, non-blocking TCP socket. */
int OpenTcp(const char* address, uint16_t port, Sharing sharing, int backlog);

/** Another descriptor of the same socket, closed on exec. */
int Duplicate(int fd);

struct LocalName {
  /** AF_INET or AF_INET6. */
  int family = 0;
  uint16_t port = 0;
  /** Bound to no address in particular: each datagram may have been sent to another one of ours. */
  bool is_wildcard = false;
  /** An IPv6 socket that IPv4 clients reach too; they appear as ::ffff:a.b.c.d. Only an adopted one can be like this. */
  bool is_dual_stack = false;
};

/** 0, or a negative errno; EAFNOSUPPORT if it is no internet socket. */
int GetLocalName(int fd, LocalName* name);

/** Datagrams that the kernel has dropped at the socket since it was opened, modulo 2^32: mostly because its queue was full. */
uint32_t KernelDrops(int fd);

}  // namespace packet_io
