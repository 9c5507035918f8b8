// Tests of the core alone, on real sockets of the loopback interface; compiled with sanitizers by `npm run native:sanitize`. The
// memory of a batch has exactly the size that the layout asks for, so an access beside it is found.

#include <fcntl.h>
#include <sys/un.h>

#include <cstddef>
#include <random>
#include <string>
#include <tuple>

#include "harness.h"

using namespace packet_io;
using namespace packet_io::test;

namespace {

void PortsAreSharedOnlyAsAgreed() {
  for (const char* address : {"127.0.0.1", "::1"}) {
    const Fd first(OpenUdp(address, 0, Options(Sharing::kFirst)));
    CHECK(first.fd >= 0);
    const uint16_t port = PortOf(first.fd);
    const Fd second(OpenUdp(address, port, Options(Sharing::kJoin)));
    CHECK(second.fd >= 0);
    CHECK(OpenUdp(address, port, Options(Sharing::kFirst)) == -EADDRINUSE);
    CHECK(OpenUdp(address, port, Options(Sharing::kAlone)) == -EADDRINUSE);

    const Fd tcp(OpenTcp(address, 0, Sharing::kFirst, 16));
    CHECK(tcp.fd >= 0);
    const uint16_t tcp_port = PortOf(tcp.fd);
    const Fd tcp_second(OpenTcp(address, tcp_port, Sharing::kJoin, 16));
    CHECK(tcp_second.fd >= 0);
    CHECK(OpenTcp(address, tcp_port, Sharing::kFirst, 16) == -EADDRINUSE);
    CHECK(OpenTcp(address, tcp_port, Sharing::kAlone, 16) == -EADDRINUSE);
  }
  const Fd alone(OpenUdp("127.0.0.1", 0, Options()));
  CHECK(OpenUdp("127.0.0.1", PortOf(alone.fd), Options(Sharing::kJoin)) == -EADDRINUSE);
}

void AddressesThatCannotBeUsedGiveTheirErrno() {
  CHECK(OpenUdp("192.0.2.1", 0, Options()) == -EADDRNOTAVAIL);
  CHECK(OpenTcp("2001:db8::1", 0, Sharing::kAlone, 1) == -EADDRNOTAVAIL);
  CHECK(OpenUdp("localhost", 0, Options()) == -EINVAL);
  CHECK(AdoptUdp(1 << 20, Options()) == -EBADF);
  const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(AdoptUdp(file.fd, Options()) == -ENOTSOCK);
  const Fd tcp(OpenTcp("127.0.0.1", 0, Sharing::kAlone, 1));
  CHECK(AdoptUdp(tcp.fd, Options()) == -EPROTOTYPE);
}

void SocketsAreSetUpForDns() {
  for (const char* address : {"127.0.0.1", "::1"}) {
    const Fd socket(OpenUdp(address, 0, Options()));
    CHECK((fcntl(socket.fd, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((fcntl(socket.fd, F_GETFD) & FD_CLOEXEC) != 0);
    int value = -1;
    socklen_t size = sizeof value;
    const bool is_v6 = std::strchr(address, ':') != nullptr;
    CHECK(getsockopt(socket.fd, is_v6 ? int{IPPROTO_IPV6} : int{IPPROTO_IP}, is_v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &value,
                     &size) == 0);
    CHECK(value == (is_v6 ? IPV6_PMTUDISC_OMIT : IP_PMTUDISC_OMIT));
    if (!is_v6) continue;
    CHECK(getsockopt(socket.fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) == 0);
    CHECK(value == 1);
  }
}

/** Order is not promised: replies of one size leave together. */
void DatagramsOfAllSizesComeBackEachByItself() {
  std::mt19937 random(20240611);
  for (const char* address : {"127.0.0.1", "::1"}) {
    Server server(OpenUdp(address, 0, Options()));
    const Fd client(Connect(address, PortOf(server.socket.fd)));
    for (int round = 0; round < 200; round++) {
      std::vector<Octets> sent(1 + random() % 130);
      for (Octets& octets : sent) {
        octets.resize(random() % (kMaxReply + 1));
        for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random());
        SendTo(client.fd, octets);
      }
      uint32_t answered = 0;
      while (answered < sent.size()) {
        const uint32_t count = server.EchoOnce();
        CHECK(count == std::min<uint32_t>(kBatchSize, static_cast<uint32_t>(sent.size()) - answered));
        if (count == 0) return;
        answered += count;
      }
      sent.erase(std::remove(sent.begin(), sent.end(), Octets{}), sent.end()); // a reply of no size is none
      std::vector<Octets> received;
      while (received.size() < sent.size()) received.push_back(ReceiveFrom(client.fd));
      std::sort(sent.begin(), sent.end());
      std::sort(received.begin(), received.end());
      CHECK(received == sent);
      CHECK(IsSilent(client.fd));
    }
    CHECK(!server.batch->TakeLosses().any());
  }
}

void DatagramsBeyondTheirSlotAreCutAndTellTheirSize() {
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  for (const size_t size : {size_t{4096}, size_t{4097}, size_t{60000}, size_t{0}, size_t{3}}) SendTo(client.fd, Octets(size, 7));
  CHECK(server.batch->Receive() == 5);
  CHECK(server.query_size(0) == 4096);
  CHECK(server.query_size(1) == 4097);
  CHECK(server.query_size(2) == 60000);
  CHECK(server.query_size(3) == 0);
  CHECK(server.query_size(4) == 3);
  CHECK(server.query(2)[4095] == 7);
  CHECK(server.query(4)[2] == 7);
}

void OnlyRepliesThatThereAreLeave() {
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  for (uint8_t i = 0; i < 5; i++) SendTo(client.fd, {i});
  CHECK(server.batch->Receive() == 5);
  for (uint32_t i = 0; i < 5; i++) {
    server.reply(i)[0] = static_cast<uint8_t>(i);
    server.set_reply_size(i, i == 1 ? 0 : i == 2 ? kMaxReply + 1 : 1);
  }
  server.batch->Send();
  for (const uint8_t i : Octets{0, 3, 4}) CHECK(ReceiveFrom(client.fd) == Octets{i});
  CHECK(IsSilent(client.fd));
}

void ARefusedReplyIsCountedAndTheOthersLeave() {
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  for (uint8_t i = 0; i < 6; i++) SendTo(client.fd, {i});
  CHECK(server.batch->Receive() == 6);
  for (uint32_t i = 0; i < 6; i++) {
    server.reply(i)[0] = static_cast<uint8_t>(i);
    server.set_reply_size(i, 1);
  }
  for (const uint32_t i : {0, 3, 5}) std::memset(server.sender(i) + 2, 0, 2); // port 0: EINVAL
  server.batch->Send();
  for (const uint8_t i : Octets{1, 2, 4}) CHECK(ReceiveFrom(client.fd) == Octets{i});
  CHECK(IsSilent(client.fd));
  const Losses losses = server.batch->TakeLosses();
  CHECK(losses.refused == 3 && losses.overflowed == 0);
  CHECK(!server.batch->TakeLosses().any());
}

/** The loopback interface never lets a send queue fill; a Unix socket whose peer does not read does. */
void WhatASlowReceiverHasNoRoomForIsDropped() {
  const auto bound = [](const std::string& suffix) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::string text = "meridian-" + std::to_string(getpid()) + suffix;
    std::memcpy(name.sun_path + 1, text.data(), text.size()); // abstract: no file
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    CHECK(bind(fd, reinterpret_cast<sockaddr*>(&name), size) == 0);
    return std::make_tuple(fd, name, size);
  };
  const auto [server_fd, server_name, server_size] = bound("s");
  const auto [client_fd, client_name, client_size] = bound("c");
  Server server(server_fd);
  const Fd client(client_fd);
  CHECK(connect(client.fd, reinterpret_cast<const sockaddr*>(&server_name), server_size) == 0);
  uint32_t asked = 0;
  Losses losses;
  while (losses.overflowed == 0 && asked < 100'000) {
    SendTo(client.fd, {1});
    asked += server.EchoOnce();
    losses = server.batch->TakeLosses();
  }
  CHECK(losses.overflowed == 1 && losses.refused == 0);
  // Of a whole batch, what fits leaves and the rest is dropped.
  for (int i = 0; i < 3; i++) CHECK(ReceiveFrom(client.fd).size() == 1);
  for (int i = 0; i < 8; i++) SendTo(client.fd, {2});
  CHECK(server.EchoOnce() == 8);
  losses = server.batch->TakeLosses();
  CHECK(losses.overflowed > 0 && losses.overflowed < 8 && losses.refused == 0);
  (void)client_name;
  (void)client_size;
}

void AReplyLeavesFromTheAddressThatWasAsked() {
  Server v4(OpenUdp("0.0.0.0", 0, Options()));
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.1.2.3"}) {
    const Fd client(Connect(address, PortOf(v4.socket.fd)));
    SendTo(client.fd, {42});
    CHECK(v4.EchoOnce() == 1);
    CHECK(ReceiveFrom(client.fd) == Octets{42});
  }
  Server v6(OpenUdp("::", 0, Options()));
  const Fd client(Connect("::1", PortOf(v6.socket.fd)));
  SendTo(client.fd, {43});
  CHECK(v6.EchoOnce() == 1);
  CHECK(ReceiveFrom(client.fd) == Octets{43});
  CHECK(!v4.batch->TakeLosses().any() && !v6.batch->TakeLosses().any());
}

void AnAdoptedSocketMayTakeBothFamilies() {
  const Fd original(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int off = 0;
  CHECK(setsockopt(original.fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  CHECK(bind(original.fd, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
  {
    Server server(AdoptUdp(original.fd, Options()));
    LocalName name;
    CHECK(GetLocalName(server.socket.fd, &name) == 0);
    CHECK(name.is_dual_stack && name.is_wildcard && name.family == AF_INET6);
    for (const char* address : {"127.0.0.2", "::1"}) {
      const Fd client(Connect(address, name.port));
      SendTo(client.fd, {44});
      CHECK(server.EchoOnce() == 1);
      CHECK(ReceiveFrom(client.fd) == Octets{44});
    }
  }
  CHECK(fcntl(original.fd, F_GETFD) >= 0); // closing the adopted descriptor leaves the original
}

/** Only a socket that somebody else has set up can report what ICMP says of earlier replies. */
void ReportsOfEarlierRepliesCostNoLaterOne() {
  const Fd original(OpenUdp("127.0.0.1", 0, Options()));
  const int on = 1;
  CHECK(setsockopt(original.fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) == 0);
  Server server(AdoptUdp(original.fd, Options()));
  const uint16_t port = PortOf(original.fd);
  const Fd living(Connect("127.0.0.1", port));
  {
    const Fd gone(Connect("127.0.0.1", port));
    SendTo(gone.fd, {1});
    CHECK(server.batch->Receive() == 1);
  }
  server.reply(0)[0] = 1;
  server.set_reply_size(0, 1);
  server.batch->Send(); // nobody is there: ICMP says so
  SendTo(living.fd, {2});
  CHECK(server.EchoOnce() == 1);
  CHECK(ReceiveFrom(living.fd) == Octets{2});
  CHECK(server.batch->TakeLosses().receive_errors == 1);
  server.batch->ClearErrors();
  CHECK(server.batch->TakeLosses().receive_errors == 1); // the report itself, in the queue of errors
  server.batch->ClearErrors();
  CHECK(!server.batch->TakeLosses().any());
}

void TheKernelsDropsAreCounted() {
  UdpOptions options;
  options.receive_buffer_size = 4096;
  Server server(OpenUdp("127.0.0.1", 0, options));
  CHECK(KernelDrops(server.socket.fd) == 0);
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  constexpr uint32_t kSent = 500;
  for (uint32_t i = 0; i < kSent; i++) SendTo(client.fd, Octets(200));
  uint32_t received = 0;
  while (const uint32_t count = server.batch->Receive()) received += count;
  CHECK(received < kSent);
  CHECK(KernelDrops(server.socket.fd) == kSent - received);
  CHECK(KernelDrops(-1) == 0);
}

constexpr Test kTests[] = {
    {"ports are shared only as agreed", PortsAreSharedOnlyAsAgreed},
    {"addresses that cannot be used give their errno", AddressesThatCannotBeUsedGiveTheirErrno},
    {"sockets are set up for DNS", SocketsAreSetUpForDns},
    {"datagrams of all sizes come back, each by itself", DatagramsOfAllSizesComeBackEachByItself},
    {"datagrams beyond their slot are cut and tell their size", DatagramsBeyondTheirSlotAreCutAndTellTheirSize},
    {"only replies that there are leave", OnlyRepliesThatThereAreLeave},
    {"a refused reply is counted, and the others leave", ARefusedReplyIsCountedAndTheOthersLeave},
    {"what a slow receiver has no room for is dropped", WhatASlowReceiverHasNoRoomForIsDropped},
    {"a reply leaves from the address that was asked", AReplyLeavesFromTheAddressThatWasAsked},
    {"an adopted socket may take both families", AnAdoptedSocketMayTakeBothFamilies},
    {"reports of earlier replies cost no later one", ReportsOfEarlierRepliesCostNoLaterOne},
    {"the kernel's drops are counted", TheKernelsDropsAreCounted},
};

}  // namespace

int main() { return RunAll("tests of the native core", kTests); }
