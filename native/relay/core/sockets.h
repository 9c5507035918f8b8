// The calls of the system that a relay needs. Knows nothing of Node. Linux only. Failures are negative errno.

#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace relay {

/** An address as octets, 4 or 16 of them, and a port. */
struct Name {
  /** 4 or 6; 0 = none. */
  int family = 0;
  uint16_t port = 0;
  uint8_t octets[16] = {};
};

Name NameOf(const sockaddr_storage& address);

/** False if `text` is no numeric address. */
bool ParseName(const char* text, uint16_t port, Name* name);

/** The address that a client has connected to. */
Name LocalName(int fd);

/** A non-blocking socket that has begun to connect; what is sent leaves at once (TCP_NODELAY). */
int BeginConnect(const Name& server);

/** What became of a connection; 0 = nothing bad. */
int TakeError(int fd);

/** Between us and a peer, in microseconds; 0 = not known. */
struct RoundTrip {
  /** As the kernel smooths it (RFC 6298); the least of the last five minutes (sysctl net.ipv4.tcp_min_rtt_wlen). */
  int32_t smoothed_us = 0;
  int32_t least_us = 0;
};

/** Of a connection whose peer has acknowledged something that it was sent; one that only connects is not measured. */
RoundTrip RoundTripOf(int fd);

/** The peer learns that it was cut off, and nothing that still waits is sent. */
void ResetAndClose(int fd);

/** Accepted connections get TCP_NODELAY from the socket that listens. */
void SetUpListener(int fd);

double MonotonicMs();

}  // namespace relay
