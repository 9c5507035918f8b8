// Waiting for datagrams without going through an event loop, and still hearing the loop: one epoll instance over the socket, over
// the descriptor that the loop itself waits with (an epoll instance too; Linux lets one watch another), and over a timer. The timer is
// set once for many waits: a time limit for each would cost the kernel a timer of its own each time. Knows nothing of Node. Linux only.

#pragma once

namespace packet_io {

class Watch {
 public:
  enum class Event {
    /** Datagrams, or an error of the socket, and nothing else. */
    kDatagrams,
    /** The loop has something to do; there may be datagrams too. */
    kLoop,
    /** The time is up, or the wait was interrupted. */
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

  /** The waits from now on end after `limit_ms`, more than 0, in all. False if the system refuses. */
  bool Begin(int limit_ms);

  /**
   * Sleeps until there is an event. Says once that datagrams came: only who has emptied the socket, so that reading it gave EAGAIN,
   * may wait again.
   */
  Event Wait();

 private:
  void Close();

  int fd_;
  int timer_;
};

}  // namespace packet_io
