// Tests of waiting beside an event loop: the loop is an epoll instance over one eventfd, as libuv's is over its descriptors.

#include "../core/watch.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <thread>

#include "harness.h"

using namespace packet_io;
using namespace packet_io::test;
using Event = Watch::Event;

namespace {

struct Loop {
  Loop() : waker(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), epoll(epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN;
    CHECK(epoll_ctl(epoll.fd, EPOLL_CTL_ADD, waker.fd, &event) == 0);
  }
  void Wake() const { CHECK(eventfd_write(waker.fd, 1) == 0); }
  void Work() const {
    eventfd_t value;
    CHECK(eventfd_read(waker.fd, &value) == 0);
  }
  const Fd waker;
  const Fd epoll;
};

/** Whether there is nothing: only that makes the time run out. */
bool IsQuiet(Watch* watch) { return watch->Begin(1) && watch->Wait() == Event::kNone && watch->Begin(60'000); }

void DatagramsAreToldOnceUntilOthersCome() {
  const Loop loop;
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  Watch watch(server.socket.fd, loop.epoll.fd);
  CHECK(watch.is_open());
  CHECK(IsQuiet(&watch));
  for (uint8_t i = 0; i < 3; i++) {
    SendTo(client.fd, {i});
    SendTo(client.fd, {i});
    CHECK(watch.Wait() == Event::kDatagrams);
    CHECK(server.EchoOnce() == 2);
    CHECK(IsQuiet(&watch));
  }
}

void DatagramsThatCameBeforeAreTold() {
  const Loop loop;
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  SendTo(client.fd, {1});
  Watch watch(server.socket.fd, loop.epoll.fd);
  CHECK(watch.Wait() == Event::kDatagrams);
}

void TheLoopIsHeardUntilItHasDoneItsWork() {
  const Loop loop;
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  Watch watch(server.socket.fd, loop.epoll.fd);
  loop.Wake();
  CHECK(watch.Wait() == Event::kLoop);
  CHECK(watch.Wait() == Event::kLoop);
  SendTo(client.fd, {1});
  CHECK(watch.Wait() == Event::kLoop); // whatever else came
  loop.Work();
  CHECK(server.EchoOnce() == 1);
  CHECK(IsQuiet(&watch));
}

void WhoSleepsIsWokenByTheLoop() {
  const Loop loop;
  const Fd socket(OpenUdp("127.0.0.1", 0, Options()));
  Watch watch(socket.fd, loop.epoll.fd);
  Event event = Event::kNone;
  std::thread sleeper([&] { event = watch.Wait(); });
  loop.Wake();
  sleeper.join();
  CHECK(event == Event::kLoop);
}

void TheLimitHoldsForAllWaitsTogether() {
  const Loop loop;
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  Watch watch(server.socket.fd, loop.epoll.fd);
  CHECK(watch.Begin(20));
  Event event = Event::kDatagrams;
  while (event == Event::kDatagrams) {
    SendTo(client.fd, {1});
    event = watch.Wait();
    server.EchoOnce();
  }
  CHECK(event == Event::kNone);
}

void WhatCannotBeWatchedLeavesItClosed() {
  const Loop loop;
  const Fd socket(OpenUdp("127.0.0.1", 0, Options()));
  const Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(!Watch(-1, loop.epoll.fd).is_open());
  CHECK(!Watch(socket.fd, file.fd).is_open());
}

constexpr Test kTests[] = {
    {"datagrams are told once until others come", DatagramsAreToldOnceUntilOthersCome},
    {"datagrams that came before are told", DatagramsThatCameBeforeAreTold},
    {"the loop is heard until it has done its work", TheLoopIsHeardUntilItHasDoneItsWork},
    {"who sleeps is woken by the loop", WhoSleepsIsWokenByTheLoop},
    {"the limit holds for all waits together", TheLimitHoldsForAllWaitsTogether},
    {"what cannot be watched leaves it closed", WhatCannotBeWatchedLeavesItClosed},
};

}  // namespace

int main() { return RunAll("tests of waiting", kTests); }
