// Waiting for datagrams without going through an event loop, and still hearing the loop: one epoll instance over the socket and over
// the descriptor that the loop itself waits with (an epoll instance too; Linux lets one watch another). Knows nothing of Node.
// Linux only.

#pragma once

namespace packet_io {

class Watch {
 public:
  enum class Event {
    /** Datagrams, or an error of the socket, and nothing else. */
    kDatagrams,
    /** The loop has something to do; there may be datagrams too. */
    kLoop,
    /** Nothing came in time, or the wait was interrupted. */
    kNone,
  };

  /**
   * `loop` is readable while the loop has something to do, and must not watch the socket itself. Both stay the caller's and open while
   * anybody waits.
   */
  Watch(int socket, int loop);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  /** False where the system had no descriptor left, or a descriptor cannot be watched. */
  bool is_open() const { return fd_ >= 0; }

  /**
   * Sleeps for `timeout_ms` at most; -1 = as long as it takes. Says once that datagrams came: only who has emptied the socket, so that
   * reading it gave EAGAIN, may wait again.
   */
  Event Wait(int timeout_ms);

 private:
  int fd_;
};

}  // namespace packet_io
