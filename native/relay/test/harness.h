// What the tests of the relay's core are made of: a stage with a relay between real clients and real servers.

#pragma once

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "../../test/checks.h"
#include "../core/relay.h"

namespace relay::test {

using checks::RunAll;
using checks::Test;

/** Long enough for a busy machine under sanitizers; nothing waits so long unless it fails. */
constexpr double kPatienceMs = 60000;
constexpr double kNeverMs = 1e9;

inline const uint8_t* OctetsOf(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

/** A listening socket on a loopback address; `name` is where. */
inline int Listener(const char* address, Name* name, int backlog = 512) {
  Name at;
  CHECK(ParseName(address, 0, &at));
  const int fd = socket(at.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  std::memcpy(&v4.sin_addr, at.octets, 4);
  std::memcpy(&v6.sin6_addr, at.octets, 16);
  const int status = at.family == 4 ? bind(fd, reinterpret_cast<sockaddr*>(&v4), sizeof v4)
                                    : bind(fd, reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  CHECK(status == 0 && listen(fd, backlog) == 0);
  *name = LocalName(fd);
  return fd;
}

/** Of either end: non-blocking, closed at the end. */
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket(const Socket&) = delete;
  ~Socket() { Close(); }

  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void Reset() {
    ResetAndClose(fd_);
    fd_ = -1;
  }
  void End() { shutdown(fd_, SHUT_WR); }
  /** As much as goes; returns how much. */
  size_t Send(const std::string& text) {
    const ssize_t count = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<size_t>(count);
  }
  /** Reads what is there into `heard`; false once there is nothing more to come. */
  bool Hear() {
    char octets[65536];
    for (;;) {
      const ssize_t count = recv(fd_, octets, sizeof octets, 0);
      if (count > 0) {
        heard.append(octets, static_cast<size_t>(count));
        continue;
      }
      if (count < 0 && errno == EAGAIN) return true;
      has_ended = count == 0;
      is_reset = count < 0;
      return false;
    }
  }

  std::string heard;
  bool has_ended = false;
  bool is_reset = false;

 private:
  int fd_;
};

/** A relay, its listener and a server's. What it tells is kept by happening, and shown to `on_event`. */
struct Stage {
  explicit Stage(const char* address = "127.0.0.1") : front(Listener(address, &front_name)), back(Listener(address, &back_name)) {
    CHECK(relay.status() >= 0);
    CHECK(relay.Listen(front.fd()) == 0);
  }

  /** Turns until `is_done`; ends the tests if that never comes. */
  void Until(const char* what, const std::function<bool()>& is_done) {
    const double deadline_ms = MonotonicMs() + kPatienceMs;
    for (Turn(); !is_done(); Turn()) {
      if (MonotonicMs() > deadline_ms) {
        std::printf("FAIL never: %s\n", what);
        std::exit(1);
      }
      pollfd ready{relay.fd(), POLLIN, 0};
      poll(&ready, 1, 1);
    }
  }

  void Turn() {
    relay.Turn();
    Event events[3];  // few, so that they come in several parts
    for (size_t count = relay.TakeEvents(events, 3); count > 0; count = relay.TakeEvents(events, 3)) {
      for (size_t i = 0; i < count; i++) {
        told.push_back(events[i]);
        if (on_event) on_event(events[i]);
      }
    }
  }

  Socket Dial() {
    const int fd = BeginConnect(front_name);
    CHECK(fd >= 0);
    return Socket(fd);
  }

  /** A client, and its passage. */
  Socket Accepted(int32_t* passage) {
    const size_t before = Count(Happening::kAccepted);
    Socket client = Dial();
    Until("accepted", [&] { return Count(Happening::kAccepted) > before; });
    *passage = Last(Happening::kAccepted).passage;
    return client;
  }

  void ConnectTo(int32_t passage, const Name& server, const std::string& first = "", double idle_ms = kNeverMs,
                 double stall_ms = kNeverMs) {
    relay.Connect(passage, server, OctetsOf(first), first.size(), idle_ms, stall_ms);
  }

  /** The next client of the server. */
  Socket Served() {
    int fd = -1;
    Until("served", [&] { return (fd = accept4(back.fd(), nullptr, nullptr, SOCK_NONBLOCK)) >= 0; });
    return Socket(fd);
  }

  size_t Count(Happening happening) const {
    size_t count = 0;
    for (const Event& event : told) count += event.happening == happening ? 1 : 0;
    return count;
  }
  Event Last(Happening happening) const {
    for (auto event = told.rbegin(); event != told.rend(); ++event) {
      if (event->happening == happening) return *event;
    }
    CHECK(false);
    return Event{};
  }

  Name front_name;
  Name back_name;
  Socket front;
  Socket back;
  Relay relay;
  std::vector<Event> told;
  std::function<void(const Event&)> on_event;
};

/** A client that is relayed to a server. */
struct Pair {
  explicit Pair(Stage& stage, double idle_ms = kNeverMs, double stall_ms = kNeverMs)
      : client(stage.Accepted(&passage)), server(Connect(stage, idle_ms, stall_ms)) {
    stage.Until("connected", [&] { return stage.Count(Happening::kConnected) > 0; });
  }
  int32_t passage;
  Socket client;
  Socket server;

 private:
  Socket Connect(Stage& stage, double idle_ms, double stall_ms) {
    stage.ConnectTo(passage, stage.back_name, "", idle_ms, stall_ms);
    return stage.Served();
  }
};

}  // namespace relay::test
