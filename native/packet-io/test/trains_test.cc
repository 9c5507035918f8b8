// Tests of trains: replies that leave as one message and arrive as many. On real sockets, as those in core_test.cc.

#include <memory>
#include <random>

#include "harness.h"

using namespace packet_io;
using namespace packet_io::test;

namespace {

/** What the kernel hands out uncut to a socket that wants it so (UDP_GRO): how many octets left as one. */
int ConnectUncut(const char* address, uint16_t port) {
  const int fd = Connect(address, port);
  const int on = 1;
  CHECK(setsockopt(fd, 17 /* SOL_UDP */, 104 /* UDP_GRO */, &on, sizeof on) == 0);
  return fd;
}

void RepliesOfOneSizeToOneClientLeaveTogether() {
  for (const char* address : {"127.0.0.1", "::1", "0.0.0.0", "::"}) {
    Server server(OpenUdp(address, 0, Options()));
    const bool is_v6 = std::strchr(address, ':') != nullptr;
    const Fd client(ConnectUncut(is_v6 ? "::1" : "127.0.0.1", PortOf(server.socket.fd)));
    for (uint8_t i = 0; i < 3; i++) {
      SendTo(client.fd, Octets(40, i));
      SendTo(client.fd, Octets(50, i));
    }
    CHECK(server.EchoOnce() == 6);
    Octets of_40, of_50;
    for (uint8_t i = 0; i < 3; i++) {
      of_40.insert(of_40.end(), 40, i);
      of_50.insert(of_50.end(), 50, i);
    }
    CHECK(ReceiveFrom(client.fd) == of_40);
    CHECK(ReceiveFrom(client.fd) == of_50);
    CHECK(IsSilent(client.fd));
    CHECK(!server.batch->TakeLosses().any());
  }
}

void NoTrainIsLongerThanADatagramMayBe() {
  Server server(OpenUdp("127.0.0.1", 0, Options()));
  const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
  for (uint8_t i = 0; i < 64; i++) SendTo(client.fd, Octets(kMaxReply, i));
  CHECK(server.EchoOnce() == 64);
  for (uint8_t i = 0; i < 64; i++) CHECK(ReceiveFrom(client.fd) == Octets(kMaxReply, i));
  CHECK(!server.batch->TakeLosses().any());
}

void RepliesTooLargeForEveryPathGoAlone() {
  const Fd socket(OpenUdp("127.0.0.1", 0, Options()));
  const Layout layout = LayoutFor(kMaxQuery, 4096);
  const std::unique_ptr<uint8_t[]> memory(new uint8_t[layout.total_size]);
  Batch batch(socket.fd, memory.get(), layout);
  const Fd client(ConnectUncut("127.0.0.1", PortOf(socket.fd)));
  for (int i = 0; i < 2; i++) SendTo(client.fd, {1});
  CHECK(batch.Receive() == 2);
  const uint32_t sizes[] = {kMaxSegmentSize + 1, kMaxSegmentSize + 1};
  std::memcpy(memory.get() + layout.reply_sizes_at, sizes, sizeof sizes);
  batch.Send();
  for (int i = 0; i < 2; i++) CHECK(ReceiveFrom(client.fd).size() == kMaxSegmentSize + 1);
}

void EveryClientGetsItsOwnReplies() {
  std::mt19937 random(20261122);
  Server server(OpenUdp("0.0.0.0", 0, Options()));
  const uint16_t port = PortOf(server.socket.fd);
  constexpr size_t kClients = 40;
  std::vector<std::unique_ptr<Fd>> clients;
  // Several of our addresses, so that what differs may be the client, the address that was asked, or the size.
  for (size_t i = 0; i < kClients; i++) clients.push_back(std::make_unique<Fd>(Connect(i % 3 == 0 ? "127.0.0.2" : "127.0.0.1", port)));
  for (int round = 0; round < 100; round++) {
    std::vector<std::vector<Octets>> sent(kClients);
    for (uint32_t i = 0; i < kBatchSize; i++) {
      const size_t who = random() % (round % 2 == 0 ? kClients : 3);
      Octets octets(20 + random() % 2);
      for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random());
      SendTo(clients[who]->fd, octets);
      sent[who].push_back(octets);
    }
    CHECK(server.EchoOnce() == kBatchSize);
    for (size_t who = 0; who < kClients; who++) {
      std::vector<Octets> received;
      while (received.size() < sent[who].size()) received.push_back(ReceiveFrom(clients[who]->fd));
      std::sort(sent[who].begin(), sent[who].end());
      std::sort(received.begin(), received.end());
      CHECK(received == sent[who]);
      CHECK(IsSilent(clients[who]->fd));
    }
  }
  CHECK(!server.batch->TakeLosses().any());
}

/** One port of a client may ask two of our addresses in one batch. */
void OneClientThatAskedTwoAddressesHearsFromBoth() {
  Server server(OpenUdp("0.0.0.0", 0, Options()));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(PortOf(server.socket.fd));
  const Fd client(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (uint8_t i = 0; i < 6; i++) {
    to.sin_addr.s_addr = htonl(0x7f000001u + i % 2);
    CHECK(sendto(client.fd, &i, 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to) == 1);
  }
  CHECK(server.EchoOnce() == 6);
  for (int n = 0; n < 6; n++) {
    uint8_t octet = 0xff;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    CHECK(recvfrom(client.fd, &octet, 1, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size) == 1);
    CHECK(ntohl(from.sin_addr.s_addr) == 0x7f000001u + octet % 2);
  }
}

/** The kernel cuts no train on a socket that sends without checksums: as good as a way out that cannot. */
void ATrainThatIsRefusedGoesCarByCar() {
  for (const char* address : {"127.0.0.1", "0.0.0.0"}) {
    Server server(OpenUdp(address, 0, Options()));
    const int on = 1;
    CHECK(setsockopt(server.socket.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
    const Fd client(Connect("127.0.0.1", PortOf(server.socket.fd)));
    for (int round = 0; round < 3; round++) {
      for (uint8_t i = 0; i < 5; i++) SendTo(client.fd, {i, 1, 2});
      CHECK(server.EchoOnce() == 5);
      for (uint8_t i = 0; i < 5; i++) CHECK((ReceiveFrom(client.fd) == Octets{i, 1, 2}));
    }
    CHECK(!server.batch->TakeLosses().any());
  }
}

void TrainsCanBeSwitchedOff() {
  const Fd socket(OpenUdp("127.0.0.1", 0, Options()));
  const Layout layout = LayoutFor(kMaxQuery, kMaxReply);
  const std::unique_ptr<uint8_t[]> memory(new uint8_t[layout.total_size]);
  Batch batch(socket.fd, memory.get(), layout, false);
  const Fd client(ConnectUncut("127.0.0.1", PortOf(socket.fd)));
  for (int i = 0; i < 2; i++) SendTo(client.fd, {1});
  CHECK(batch.Receive() == 2);
  const uint32_t sizes[] = {30, 30};
  std::memcpy(memory.get() + layout.reply_sizes_at, sizes, sizeof sizes);
  batch.Send();
  for (int i = 0; i < 2; i++) CHECK(ReceiveFrom(client.fd).size() == 30);
}

constexpr Test kTests[] = {
    {"replies of one size to one client leave together", RepliesOfOneSizeToOneClientLeaveTogether},
    {"no train is longer than a datagram may be", NoTrainIsLongerThanADatagramMayBe},
    {"replies too large for every path go alone", RepliesTooLargeForEveryPathGoAlone},
    {"every client gets its own replies", EveryClientGetsItsOwnReplies},
    {"one client that asked two addresses hears from both", OneClientThatAskedTwoAddressesHearsFromBoth},
    {"a train that is refused goes car by car", ATrainThatIsRefusedGoesCarByCar},
    {"trains can be switched off", TrainsCanBeSwitchedOff},
};

}  // namespace

int main() { return RunAll("tests of trains", kTests); }
