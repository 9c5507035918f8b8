#include "passage.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace relay {
namespace {

/** Reads of one side before others have their turn: 256 KiB. */
constexpr int kMaxReads = 4;

}  // namespace

void Pending::Keep(const uint8_t* octets, size_t size) {
  octets_ = std::make_unique<uint8_t[]>(size);
  std::memcpy(octets_.get(), octets, size);
  offset_ = 0;
  size_ = size;
}

void Pending::Drop(size_t size) {
  offset_ += size;
  size_ -= size;
  if (size_ == 0) octets_.reset();
}

uint64_t Passage::TakeMoved() {
  const uint64_t count = moved - told;
  told = moved;
  return count;
}

bool Passage::Send(Side& to, const uint8_t* octets, size_t size, size_t* sent) {
  ssize_t count;
  do {
    count = send(to.fd, octets, size, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno != EAGAIN) return false;
  *sent = count < 0 ? 0 : static_cast<size_t>(count);
  if (*sent < size) to.is_writable = false;
  progress += *sent;
  if (&to == &client) taken += *sent;
  return true;
}

Progress Passage::Move(Side& from, Side& to, uint8_t* buffer) {
  size_t sent = 0;
  for (int reads = 0; reads < kMaxReads;) {
    if (to.pending.size() > 0) {
      if (!to.is_writable) return Progress::kWaits;
      if (!Send(to, to.pending.data(), to.pending.size(), &sent)) return Progress::kBroken;
      to.pending.Drop(sent);
      continue;
    }
    if (from.is_read_to_end) {
      // Where both have said all, they are closed next, which tells them the same.
      if (!to.is_told_end && !to.is_read_to_end) shutdown(to.fd, SHUT_WR);
      to.is_told_end = true;
      return Progress::kWaits;
    }
    if (!from.is_readable) return Progress::kWaits;
    reads++;
    const ssize_t count = recv(from.fd, buffer, kReadSize, 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Progress::kBroken;
      from.is_readable = false;
      return Progress::kWaits;
    }
    if (count == 0) {
      from.is_read_to_end = true;
      continue;
    }
    const auto size = static_cast<size_t>(count);
    // Less than there was room for: that was all. What comes from now on is told.
    from.is_readable = size == kReadSize || from.is_to_drain;
    moved += size;
    progress += size;
    if (!Send(to, buffer, size, &sent)) return Progress::kBroken;
    if (sent < size) to.pending.Keep(buffer + sent, size - sent);
  }
  return from.is_readable || from.is_read_to_end ? Progress::kMore : Progress::kWaits;
}

}  // namespace relay
