// All connections of one listener at layer 4: accepts clients, connects them to servers that somebody else chooses, and moves their octets.
// One thread, one epoll instance of its own: whoever waits for its descriptor calls Turn when it is readable. Nothing here waits.
//
// What happens is told by events, in their order, and only by them: also what a command of the caller brings about. A passage has a
// number; after its event kOver the number may be that of another client, and commands for it do nothing until then.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "passage.h"
#include "sockets.h"

struct epoll_event;

namespace relay {

enum class Happening : int32_t {
  /** A client is there and held until a command says what becomes of it. `detail` = its family, `more` = its port. */
  kAccepted = 1,
  /** A held client has octets or its end to be read, after Read has found nothing. */
  kReadable = 2,
  /** `number` = milliseconds that it took. */
  kConnected = 3,
  /** The client is held again. `number` = milliseconds, `detail` = the error of the system. */
  kConnectFailed = 4,
  /** `number` = octets, of both directions, since they were told last. */
  kMoved = 5,
  /**
   * Both sockets are closed. `number` as of kMoved, `detail` = an Ending. If it was relayed, and the kernel has measured it: `more` =
   * the smoothed round trip to the client, the first four of `address` = the least one, as int32; microseconds, 0 = not known.
   */
  kOver = 6,
  /** `number` = clients that were reset at once, for the process has no descriptors for them. No passage. */
  kShed = 7,
};

enum class Ending : int32_t { kAny = 0, kIdle = 1, kStalled = 2 };

/** As JavaScript reads it. */
struct Event {
  Happening happening;
  int32_t passage;
  int32_t detail;
  int32_t more;
  double number;
  uint8_t address[16];
};
static_assert(sizeof(Event) == 40, "JavaScript knows the size");

class Relay {
 public:
  Relay();
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /** 0, or the negative errno of what could not be opened: then it must not be used. */
  int status() const { return epoll_fd_; }
  int fd() const { return epoll_fd_; }

  /** Accepts clients of a listening, non-blocking socket, which stays the caller's. 0 or a negative errno. */
  int Listen(int fd);
  /** To be called before that socket is closed. */
  void StopListening();

  /** Handles all that is ready, within bounds. */
  void Turn();
  bool has_events() const { return !events_.empty(); }
  /** Moves the oldest events to `into`; returns how many. */
  size_t TakeEvents(Event* into, size_t most);

  /** For a held client: `first` is what the server is sent before anything that is still to be read of the client. */
  void Connect(int32_t passage, const Name& server, const uint8_t* first, size_t size, double idle_timeout_ms,
               double stall_timeout_ms);
  /** The server takes too long: the client is held again. No event. */
  void Abandon(int32_t passage);
  /** Octets of a held client; 0 = there are none, an event will tell; -1 = it has ended. */
  ssize_t Read(int32_t passage, uint8_t* into, size_t most);
  /** A held client gets this, as far as its system takes it at once, and an end. */
  void Finish(int32_t passage, const uint8_t* last, size_t size);
  /** Resets both sockets. */
  void Reset(int32_t passage);
  /** The address that a client has connected to. */
  Name LocalNameOf(int32_t passage) const;

  /** To be called every second or so: tells what has moved, and resets those in which nothing does or whose client takes nothing. */
  void Look();

 private:
  void Accept();
  void Shed();
  void Suspend();
  void Hold(int fd, const sockaddr_storage& address);
  void Handle(const epoll_event& event);
  void HandleHeld(int32_t index, Passage& passage, uint32_t events);
  void HandleConnecting(int32_t index, Passage& passage, uint32_t events);
  void Relayed(int32_t index, Passage& passage);
  void MoveBoth(int32_t index, Passage& passage, bool is_from_client_first);
  void End(int32_t index, Passage& passage, bool is_reset, Ending ending = Ending::kAny);
  void FailConnect(int32_t index, Passage& passage, int error);
  void Tell(Happening happening, int32_t index, int32_t detail = 0, double number = 0);
  bool Watch(int32_t index, const Passage& passage, const Side& side, int operation);
  bool WatchListener(int fd);
  Passage* Find(int32_t index, Passage::State state);

  int epoll_fd_;
  uint32_t generation_ = 0;
  int listening_fd_ = -1;
  bool is_suspended_ = false;
  /** Given up for a moment where there are no descriptors left, so that clients can be told at once. */
  int spare_fd_ = -1;
  std::deque<Passage> passages_;
  std::vector<int32_t> free_;
  std::deque<Event> events_;
  std::unique_ptr<uint8_t[]> buffer_;
};

}  // namespace relay
