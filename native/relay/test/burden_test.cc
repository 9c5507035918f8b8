// Tests of what the core bears: clients that take nothing, transfers that must wait, no descriptors left, and a storm of everything at once.
// Real sockets on loopback; compiled with sanitizers by `npm run native:sanitize:relay`.

#include <fcntl.h>
#include <sys/resource.h>

#include <memory>
#include <random>

#include "harness.h"

using namespace relay;
using namespace relay::test;

namespace {

void AClientThatTakesNothingIsResetThoughItSends() {
  Stage stage;
  Pair pair(stage, kNeverMs, 20);
  const std::string chunk(65536, 'x');
  double told = 0;
  stage.Until("stalled", [&] {
    pair.server.Send(chunk);
    pair.client.Send(".");
    pair.server.Hear();
    stage.relay.Look();
    return stage.Count(Happening::kOver) == 1;
  });
  CHECK(stage.Last(Happening::kOver).detail == static_cast<int32_t>(Ending::kStalled));
  for (const Event& event : stage.told) {
    if (event.happening == Happening::kMoved || event.happening == Happening::kOver) told += event.number;
  }
  CHECK(told > 65536);
}

void WhatWaitsIsBoundedAndArrivesUnchanged() {
  for (const bool is_up : {true, false}) {
    Stage stage;
    Pair pair(stage);
    Socket& from = is_up ? pair.client : pair.server;
    Socket& to = is_up ? pair.server : pair.client;
    std::string content;
    for (uint32_t state = 1; content.size() < 100'000'000; state = state * 1103515245 + 12345) {
      content.append(reinterpret_cast<const char*>(&state), sizeof state);
    }
    size_t sent = 0;
    int still = 0;
    // Nobody reads: the sender must come to a stand.
    stage.Until("stands still", [&] {
      const size_t count = from.Send(content.substr(sent, 65536));
      sent += count;
      still = count == 0 ? still + 1 : 0;
      return still > 50;
    });
    CHECK(sent < 50'000'000);
    stage.Until("all", [&] {
      if (sent < content.size()) sent += from.Send(content.substr(sent, 200'000));
      if (sent == content.size()) from.End();
      to.Hear();
      return to.has_ended;
    });
    CHECK(to.heard == content);
  }
}

void WithoutDescriptorsClientsAreResetUntilThereAreSome() {
  Stage stage;
  const size_t clients_count = 20;
  std::vector<Socket> clients;
  for (size_t i = 0; i < clients_count; i++) clients.push_back(stage.Dial());
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // Room for the next three.
  const int next = fcntl(stage.front.fd(), F_DUPFD_CLOEXEC, 0);
  close(next);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(next) + 3;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  double shed = 0;
  stage.on_event = [&](const Event& event) {
    if (event.happening == Happening::kShed) shed += event.number;
  };
  stage.Until("shed", [&] { return shed > 0; });
  CHECK(stage.Count(Happening::kAccepted) == 3);
  CHECK(static_cast<size_t>(shed) == clients_count - 3);
  setrlimit(RLIMIT_NOFILE, &before);
  int32_t passage;
  Socket healed = stage.Accepted(&passage);
  size_t resets = 0;
  for (Socket& client : clients) resets += !client.Hear() && client.is_reset ? 1 : 0;
  CHECK(resets == clients_count - 3);
}

void WithoutEvenOneDescriptorTheListenerRestsUntilTheNextLook() {
  Stage stage;
  Socket client = stage.Dial();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;  // also the spare one cannot be replaced
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (int i = 0; i < 10; i++) stage.Turn();
  pollfd ready{stage.relay.fd(), POLLIN, 0};
  CHECK(poll(&ready, 1, 0) == 0);
  setrlimit(RLIMIT_NOFILE, &before);
  stage.relay.Look();
  stage.Until("healed", [&] { return stage.Count(Happening::kAccepted) == 1; });
}

/** Clients and servers that do anything at any time: each client that came is told to be over once, and no number serves two at once. */
void AStormLeavesNothingBehind() {
  Stage stage;
  std::mt19937 random(7);
  const auto one_in = [&](uint32_t n) { return random() % n == 0; };
  std::map<int32_t, int> there;
  Name dead;
  Socket(Listener("127.0.0.1", &dead)).Close();
  size_t accepted = 0;
  size_t over = 0;
  stage.on_event = [&](const Event& event) {
    switch (event.happening) {
      case Happening::kAccepted:
        accepted++;
        CHECK(there[event.passage]++ == 0);
        if (one_in(10)) stage.relay.Reset(event.passage);
        else if (one_in(10)) stage.relay.Finish(event.passage, OctetsOf("no"), 2);
        else stage.ConnectTo(event.passage, one_in(5) ? dead : stage.back_name, one_in(2) ? "header" : "", kNeverMs, one_in(3) ? 1 : kNeverMs);
        break;
      case Happening::kConnectFailed:
        CHECK(there[event.passage] == 1);
        if (one_in(2)) stage.ConnectTo(event.passage, stage.back_name, "header");
        else stage.relay.Reset(event.passage);
        break;
      case Happening::kOver:
        over++;
        CHECK(there[event.passage]-- == 1);
        break;
      default:
        break;
    }
  };
  std::vector<std::unique_ptr<Socket>> sockets;
  const std::string chunk(100'000, 'x');
  for (int round = 0; round < 4000; round++) {
    if (round < 3000 && one_in(2)) sockets.push_back(std::make_unique<Socket>(stage.Dial()));
    const int fd = accept4(stage.back.fd(), nullptr, nullptr, SOCK_NONBLOCK);
    if (fd >= 0) sockets.push_back(std::make_unique<Socket>(fd));
    stage.Turn();
    if (one_in(50)) stage.relay.Look();
    if (sockets.empty()) continue;
    const size_t at = random() % sockets.size();
    Socket& socket = *sockets[at];
    const bool is_done = one_in(8) && !socket.Hear();
    if (one_in(3)) socket.Send(chunk);
    if (one_in(10)) socket.End();
    if (is_done || one_in(20)) {
      if (one_in(2)) socket.Reset();
      sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  CHECK(accepted > 1000);
  sockets.clear();
  for (const auto& [passage, count] : there) {
    if (count > 0 && one_in(2)) stage.relay.Reset(passage);
  }
  stage.Until("all over", [&] {
    const int fd = accept4(stage.back.fd(), nullptr, nullptr, SOCK_NONBLOCK);
    if (fd >= 0) close(fd);
    return over == accepted;
  });
}

constexpr Test kTests[] = {
    {"a client that takes nothing is reset, though it sends", AClientThatTakesNothingIsResetThoughItSends},
    {"what waits is bounded, and arrives unchanged", WhatWaitsIsBoundedAndArrivesUnchanged},
    {"without descriptors clients are reset, until there are some", WithoutDescriptorsClientsAreResetUntilThereAreSome},
    {"without even one descriptor the listener rests until the next look", WithoutEvenOneDescriptorTheListenerRestsUntilTheNextLook},
    {"a storm leaves nothing behind", AStormLeavesNothingBehind},
};

}  // namespace

int main() { return RunAll("tests of what the relay bears", kTests); }
