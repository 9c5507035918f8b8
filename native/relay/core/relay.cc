#include "relay.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace relay {
namespace {

constexpr int kMaxReady = 256;
/** Clients accepted in a row before those that are there have their turn. */
constexpr int kMaxAccepts = 64;
/** Of the listening socket; the index of no passage. */
constexpr uint64_t kListener = ~uint64_t{0};

/** What the kernel gives back with an event: whose it is, which side, and which of the sockets that were there in turn. */
uint64_t KeyOf(int32_t index, uint32_t generation, bool is_server) {
  return uint64_t{generation} << 32 | static_cast<uint32_t>(index) << 1 | (is_server ? 1 : 0);
}

void CloseSide(Side& side, bool is_reset) {
  if (side.fd >= 0) {
    if (is_reset) ResetAndClose(side.fd);
    else close(side.fd);
  }
  side = Side();
}

}  // namespace

Relay::Relay()
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), spare_fd_(open("/dev/null", O_RDONLY | O_CLOEXEC)), buffer_(new uint8_t[kReadSize]) {
  if (epoll_fd_ < 0) epoll_fd_ = -errno;
}

Relay::~Relay() {
  for (Passage& passage : passages_) {
    CloseSide(passage.client, true);
    CloseSide(passage.server, true);
  }
  if (spare_fd_ >= 0) close(spare_fd_);
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

int Relay::Listen(int fd) {
  StopListening();
  SetUpListener(fd);
  if (!WatchListener(fd)) return -errno;
  listening_fd_ = fd;
  return 0;
}

void Relay::StopListening() {
  if (listening_fd_ >= 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, listening_fd_, nullptr);
  listening_fd_ = -1;
  is_suspended_ = false;
}

void Relay::Turn() {
  epoll_event ready[kMaxReady];
  const int count = epoll_wait(epoll_fd_, ready, kMaxReady, 0);
  for (int i = 0; i < count; i++) Handle(ready[i]);
}

size_t Relay::TakeEvents(Event* into, size_t most) {
  const size_t count = std::min(most, events_.size());
  for (size_t i = 0; i < count; i++) {
    into[i] = events_.front();
    events_.pop_front();
    if (into[i].happening != Happening::kOver) continue;
    passages_[static_cast<size_t>(into[i].passage)].state = Passage::State::kFree;
    free_.push_back(into[i].passage);
  }
  return count;
}

// What the caller wants.

void Relay::Connect(int32_t index, const Name& server, const uint8_t* first, size_t size, double idle_timeout_ms,
                    double stall_timeout_ms) {
  Passage* passage = Find(index, Passage::State::kHeld);
  if (passage == nullptr) return;
  passage->state = Passage::State::kConnecting;
  passage->is_heard = false;
  passage->idle_timeout_ms = idle_timeout_ms;
  passage->stall_timeout_ms = stall_timeout_ms;
  passage->begun_ms = MonotonicMs();
  passage->server = Side();
  if (size > 0) passage->server.pending.Keep(first, size);
  const int fd = BeginConnect(server);
  if (fd < 0) {
    FailConnect(index, *passage, -fd);
    return;
  }
  passage->server.fd = fd;
  passage->server.generation = ++generation_;
  if (!Watch(index, *passage, passage->server, EPOLL_CTL_ADD)) FailConnect(index, *passage, errno);
}

void Relay::Abandon(int32_t index) {
  Passage* passage = Find(index, Passage::State::kConnecting);
  if (passage == nullptr) return;
  CloseSide(passage->server, false);
  passage->state = Passage::State::kHeld;
}

ssize_t Relay::Read(int32_t index, uint8_t* into, size_t most) {
  Passage* passage = Find(index, Passage::State::kHeld);
  if (passage == nullptr) return 0;
  Side& client = passage->client;
  if (client.is_read_to_end) return -1;
  if (client.is_readable) {
    const ssize_t count = recv(client.fd, into, most, 0);
    if (count > 0) return count;
    if (count == 0) {
      client.is_read_to_end = true;
      return -1;
    }
    if (errno != EAGAIN && errno != EINTR) {
      End(index, *passage, true);
      return 0;
    }
    client.is_readable = errno == EINTR;
  }
  passage->is_heard = true;
  if (client.is_readable) Tell(Happening::kReadable, index);
  return 0;
}

void Relay::Finish(int32_t index, const uint8_t* last, size_t size) {
  Passage* passage = Find(index, Passage::State::kHeld);
  if (passage == nullptr) return;
  (void)!send(passage->client.fd, last, size, MSG_NOSIGNAL);
  shutdown(passage->client.fd, SHUT_WR);
  End(index, *passage, false);
}

void Relay::Reset(int32_t index) {
  if (index < 0 || static_cast<size_t>(index) >= passages_.size()) return;
  Passage& passage = passages_[static_cast<size_t>(index)];
  if (passage.state != Passage::State::kFree && passage.state != Passage::State::kOver) End(index, passage, true);
}

Name Relay::LocalNameOf(int32_t index) const {
  if (index < 0 || static_cast<size_t>(index) >= passages_.size()) return Name();
  const Passage& passage = passages_[static_cast<size_t>(index)];
  return passage.client.fd < 0 ? Name() : LocalName(passage.client.fd);
}

void Relay::Look() {
  if (is_suspended_) is_suspended_ = !WatchListener(listening_fd_);
  const double now_ms = MonotonicMs();
  for (size_t i = 0; i < passages_.size(); i++) {
    Passage& passage = passages_[i];
    if (passage.state != Passage::State::kRelaying) continue;
    const auto index = static_cast<int32_t>(i);
    if (passage.progress != passage.seen_progress) {
      passage.seen_progress = passage.progress;
      passage.progress_at_ms = now_ms;
    }
    if (passage.client.pending.size() == 0 || passage.taken != passage.seen_taken) {
      passage.seen_taken = passage.taken;
      passage.taken_at_ms = now_ms;
    }
    const bool is_stalled = now_ms - passage.taken_at_ms >= passage.stall_timeout_ms;
    const bool is_idle = now_ms - passage.progress_at_ms >= passage.idle_timeout_ms;
    if (is_stalled || is_idle) End(index, passage, true, is_stalled ? Ending::kStalled : Ending::kIdle);
    else if (passage.moved != passage.told) Tell(Happening::kMoved, index, 0, static_cast<double>(passage.TakeMoved()));
  }
}

// What comes in.

void Relay::Accept() {
  for (int i = 0; i < kMaxAccepts; i++) {
    sockaddr_storage address;
    socklen_t size = sizeof address;
    const int fd = accept4(listening_fd_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Hold(fd, address);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
        Shed();
        return;
      case ENOBUFS:
      case ENOMEM:
      case EBADF:
      case EINVAL:
        Suspend();
        return;
      default:
        break;  // one client that is gone already, or that a firewall has taken away
    }
  }
}

/** With the descriptor that is spare, clients are told at once that there is no room; without, the listener rests until the next Look. */
void Relay::Shed() {
  if (spare_fd_ >= 0) close(spare_fd_);
  int count = 0;
  while (count < kMaxAccepts) {
    const int fd = accept4(listening_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) break;
    ResetAndClose(fd);
    count++;
  }
  spare_fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (count == 0) Suspend();
  else Tell(Happening::kShed, -1, 0, count);
}

void Relay::Suspend() {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, listening_fd_, nullptr);
  is_suspended_ = true;
}

void Relay::Hold(int fd, const sockaddr_storage& address) {
  const Name name = NameOf(address);
  if (free_.empty()) {
    free_.push_back(static_cast<int32_t>(passages_.size()));
    passages_.emplace_back();
  }
  const int32_t index = free_.back();
  Passage& passage = passages_[static_cast<size_t>(index)];
  passage = Passage();
  passage.state = Passage::State::kHeld;
  passage.client.fd = fd;
  passage.client.generation = ++generation_;
  passage.client.is_writable = true;
  if (name.family == 0 || !Watch(index, passage, passage.client, EPOLL_CTL_ADD)) {
    CloseSide(passage.client, true);
    passage.state = Passage::State::kFree;
    return;
  }
  free_.pop_back();
  Event event{Happening::kAccepted, index, name.family, name.port, 0, {}};
  std::memcpy(event.address, name.octets, sizeof event.address);
  events_.push_back(event);
}

void Relay::Handle(const epoll_event& event) {
  if (event.data.u64 == kListener) {
    if (listening_fd_ >= 0 && !is_suspended_) Accept();
    return;
  }
  const auto index = static_cast<int32_t>((event.data.u64 & 0xffffffff) >> 1);
  const bool is_server = (event.data.u64 & 1) != 0;
  Passage& passage = passages_[static_cast<size_t>(index)];
  Side& side = is_server ? passage.server : passage.client;
  if (side.fd < 0 || KeyOf(index, side.generation, is_server) != event.data.u64) return;
  const uint32_t events = event.events;
  const bool is_failing = (events & (EPOLLERR | EPOLLHUP)) != 0;
  side.is_readable |= is_failing || (events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI)) != 0;
  side.is_writable |= is_failing || (events & EPOLLOUT) != 0;
  side.is_to_drain |= is_failing || (events & (EPOLLRDHUP | EPOLLPRI)) != 0;
  if (passage.state == Passage::State::kRelaying) {
    // What was read to its end can only be told of an error so.
    const bool is_deaf = (events & EPOLLERR) != 0 && side.is_read_to_end;
    if (is_deaf && TakeError(side.fd) != 0) End(index, passage, true);
    else MoveBoth(index, passage, !is_server);
  } else if (is_server) {
    if (passage.state == Passage::State::kConnecting) HandleConnecting(index, passage, events);
  } else {
    HandleHeld(index, passage, events);
  }
}

/** Something of a client that has no server yet. */
void Relay::HandleHeld(int32_t index, Passage& passage, uint32_t events) {
  if ((events & EPOLLERR) != 0) {
    End(index, passage, true);
  } else if (passage.is_heard && passage.client.is_readable) {
    passage.is_heard = false;
    Tell(Happening::kReadable, index);
  }
}

void Relay::HandleConnecting(int32_t index, Passage& passage, uint32_t events) {
  const int error = (events & (EPOLLERR | EPOLLHUP)) == 0 ? 0 : TakeError(passage.server.fd);
  if (error != 0) FailConnect(index, passage, error);
  else if ((events & EPOLLOUT) != 0) Relayed(index, passage);
}

void Relay::Relayed(int32_t index, Passage& passage) {
  const double now_ms = MonotonicMs();
  passage.state = Passage::State::kRelaying;
  passage.progress_at_ms = now_ms;
  passage.taken_at_ms = now_ms;
  Tell(Happening::kConnected, index, 0, now_ms - passage.begun_ms);
  MoveBoth(index, passage, true);
}

/** Whatever is ready at either side. What a side has said is passed on before the error that ends it. */
void Relay::MoveBoth(int32_t index, Passage& passage, bool is_from_client_first) {
  Side& first = is_from_client_first ? passage.client : passage.server;
  Side& other = is_from_client_first ? passage.server : passage.client;
  const Progress progress = passage.Move(first, other, buffer_.get());
  const Progress back = progress == Progress::kBroken ? progress : passage.Move(other, first, buffer_.get());
  if (progress == Progress::kBroken || back == Progress::kBroken) {
    End(index, passage, true);
  } else if (passage.is_finished()) {
    End(index, passage, false);
  } else {
    // The kernel says again that it is ready, after it has said so of the others.
    if (progress == Progress::kMore) Watch(index, passage, first, EPOLL_CTL_MOD);
    if (back == Progress::kMore) Watch(index, passage, other, EPOLL_CTL_MOD);
  }
}

void Relay::End(int32_t index, Passage& passage, bool is_reset, Ending ending) {
  const RoundTrip trip = passage.state == Passage::State::kRelaying ? RoundTripOf(passage.client.fd) : RoundTrip();
  CloseSide(passage.client, is_reset);
  CloseSide(passage.server, is_reset);
  passage.state = Passage::State::kOver;
  Event event{Happening::kOver, index, static_cast<int32_t>(ending), trip.smoothed_us, static_cast<double>(passage.TakeMoved()), {}};
  std::memcpy(event.address, &trip.least_us, sizeof trip.least_us);
  events_.push_back(event);
}

void Relay::FailConnect(int32_t index, Passage& passage, int error) {
  CloseSide(passage.server, false);
  passage.state = Passage::State::kHeld;
  Tell(Happening::kConnectFailed, index, error, MonotonicMs() - passage.begun_ms);
}

void Relay::Tell(Happening happening, int32_t index, int32_t detail, double number) {
  events_.push_back(Event{happening, index, detail, 0, number, {}});
}

bool Relay::Watch(int32_t index, const Passage& passage, const Side& side, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = KeyOf(index, side.generation, &side == &passage.server);
  return epoll_ctl(epoll_fd_, operation, side.fd, &event) == 0;
}

bool Relay::WatchListener(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kListener;
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

Passage* Relay::Find(int32_t index, Passage::State state) {
  if (index < 0 || static_cast<size_t>(index) >= passages_.size()) return nullptr;
  Passage& passage = passages_[static_cast<size_t>(index)];
  return passage.state == state ? &passage : nullptr;
}

}  // namespace relay
