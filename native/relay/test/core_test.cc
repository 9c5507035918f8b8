// Tests of the core alone, with real sockets on loopback; compiled with sanitizers by `npm run native:sanitize:relay`.

#include <sys/wait.h>

#include <memory>

#include "harness.h"

using namespace relay;
using namespace relay::test;

namespace {

void ClientsAreToldAndRelayedOverBothFamilies() {
  for (const char* address : {"127.0.0.1", "::1"}) {
    Stage stage(address);
    Pair pair(stage);
    const Event accepted = stage.Last(Happening::kAccepted);
    const Name dialled = LocalName(pair.client.fd());
    CHECK(accepted.detail == dialled.family && accepted.more == dialled.port);
    CHECK(std::memcmp(accepted.address, dialled.octets, sizeof dialled.octets) == 0);
    const Name local = stage.relay.LocalNameOf(pair.passage);
    CHECK(local.family == stage.front_name.family && local.port == stage.front_name.port);
    pair.client.Send("asked");
    stage.Until("asked", [&] { return pair.server.Hear() && pair.server.heard == "asked"; });
    pair.server.Send("answered");
    stage.Until("answered", [&] { return pair.client.Hear() && pair.client.heard == "answered"; });
    pair.server.End();
    pair.client.End();
    stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
    CHECK(stage.Last(Happening::kOver).number == 13);
    CHECK(!pair.client.Hear() && pair.client.has_ended);
    CHECK(!pair.server.Hear() && pair.server.has_ended);
  }
}

int32_t LeastRoundTripOf(const Event& over) {
  int32_t least_us;
  std::memcpy(&least_us, over.address, sizeof least_us);
  return least_us;
}

void TheRoundTripToAClientIsToldAtItsEnd() {
  for (const bool is_answered : {true, false}) {
    Stage stage;
    Pair pair(stage);
    if (is_answered) {
      pair.server.Send("answered");
      stage.Until("answered", [&] { return pair.client.Hear() && pair.client.heard == "answered"; });
      // With its end it acknowledges what came before.
      pair.client.End();
      stage.Until("ended", [&] { return !pair.server.Hear() && pair.server.has_ended; });
      pair.server.End();
    } else {
      pair.client.Reset();
    }
    stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
    const Event over = stage.Last(Happening::kOver);
    const int32_t least_us = LeastRoundTripOf(over);
    CHECK(is_answered == (over.more > 0));
    CHECK(is_answered == (least_us > 0));
    CHECK(least_us <= over.more);
  }
}

void NobodyIsMeasuredWhoWasNotRelayed() {
  Stage stage;
  int32_t passage;
  Socket client = stage.Accepted(&passage);
  stage.relay.Finish(passage, OctetsOf("go away"), 7);
  stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
  CHECK(stage.Last(Happening::kOver).more == 0 && LeastRoundTripOf(stage.Last(Happening::kOver)) == 0);
}

void WhatIsSentLeavesAtOnce() {
  Stage stage;
  Pair pair(stage);
  // The listener's setting is that of the clients.
  int value = 0;
  socklen_t size = sizeof value;
  const int fd = accept4(stage.front.fd(), nullptr, nullptr, SOCK_NONBLOCK);
  CHECK(fd < 0);
  stage.relay.StopListening();
  Socket client = stage.Dial();
  int accepted = -1;
  stage.Until("accepted", [&] { return (accepted = accept(stage.front.fd(), nullptr, nullptr)) >= 0; });
  CHECK(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0 && value != 0);
  close(accepted);
}

void AnEndOfOneDirectionLeavesTheOther() {
  for (const bool is_client_first : {true, false}) {
    Stage stage;
    Pair pair(stage);
    Socket& first = is_client_first ? pair.client : pair.server;
    Socket& other = is_client_first ? pair.server : pair.client;
    first.Send("last words");
    first.End();
    stage.Until("ended", [&] { return !other.Hear() && other.has_ended; });
    CHECK(other.heard == "last words");
    CHECK(stage.Count(Happening::kOver) == 0);
    other.Send("later words");
    stage.Until("later", [&] { return first.Hear() && first.heard == "later words"; });
    other.End();
    stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
    CHECK(!first.Hear() && first.has_ended);
  }
}

/** A read stops where they were. They themselves are no part of the stream, and go no further. */
void WhatComesBehindUrgentOctetsIsNotForgotten() {
  Stage stage;
  Pair pair(stage);
  pair.client.Send("before");
  CHECK(send(pair.client.fd(), "!", 1, MSG_OOB) == 1);
  pair.client.Send(" and behind");
  stage.Until("all", [&] { return pair.server.Hear() && pair.server.heard == "before and behind"; });
  pair.client.Send(", later too");
  stage.Until("later", [&] { return pair.server.Hear() && pair.server.heard == "before and behind, later too"; });
}

void AResetIsPassedOnAsAReset() {
  for (const bool is_client : {true, false}) {
    for (const bool has_ended : {true, false}) {
      Stage stage;
      Pair pair(stage);
      Socket& first = is_client ? pair.client : pair.server;
      Socket& other = is_client ? pair.server : pair.client;
      first.Send("half of it");
      stage.Until("half", [&] { return other.Hear() && other.heard == "half of it"; });
      if (has_ended) {
        first.End();
        stage.Until("ended", [&] { return !other.Hear() && other.has_ended; });
        // What comes now finds nobody.
        first.Close();
        other.Send("anybody there?");
      } else {
        first.Reset();
      }
      stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
      if (!has_ended) stage.Until("reset", [&] { return !other.Hear() && other.is_reset; });
    }
  }
}

void AServerThatRefusesIsToldAndAnotherOneGetsEverything() {
  Stage stage;
  int32_t passage;
  Socket client = stage.Accepted(&passage);
  client.Send(" and what the client has said meanwhile");
  Name dead;
  Socket(Listener("127.0.0.1", &dead)).Close();
  stage.ConnectTo(passage, dead, "header");
  stage.Until("refused", [&] { return stage.Count(Happening::kConnectFailed) == 1; });
  CHECK(stage.Last(Happening::kConnectFailed).detail == ECONNREFUSED);
  stage.ConnectTo(passage, Name(), "header");
  stage.Until("no address", [&] { return stage.Count(Happening::kConnectFailed) == 2; });
  stage.ConnectTo(passage, stage.back_name, "header");
  Socket server = stage.Served();
  stage.Until("all", [&] { return server.Hear() && server.heard == "header and what the client has said meanwhile"; });
  CHECK(stage.Count(Happening::kConnected) == 1 && stage.Count(Happening::kOver) == 0);
}

void ATryIsAbandonedAndNothingIsToldOfIt() {
  Stage stage;
  Name full_name;
  // One waits in the queue of a listener that has room for it; the next one's SYN is not answered.
  Socket full(Listener("127.0.0.1", &full_name, 0));
  Socket filler(BeginConnect(full_name));
  stage.Until("connected", [&] { return TakeError(filler.fd()) == 0 && LocalName(filler.fd()).port != 0; });
  int32_t passage;
  Socket client = stage.Accepted(&passage);
  stage.ConnectTo(passage, full_name);
  stage.Turn();
  stage.relay.Abandon(passage);
  stage.ConnectTo(passage, stage.back_name);
  Socket server = stage.Served();
  stage.Until("connected", [&] { return stage.Count(Happening::kConnected) >= 1; });
  client.Send("to the other");
  stage.Until("heard", [&] { return server.Hear() && server.heard == "to the other"; });
  CHECK(stage.Count(Happening::kConnectFailed) == 0);
}

void BeginningsAreReadWhenTheyCome() {
  Stage stage;
  int32_t passage;
  Socket client = stage.Accepted(&passage);
  uint8_t octets[16];
  CHECK(stage.relay.Read(passage, octets, sizeof octets) == 0);
  client.Send("beginning and more");
  stage.Until("told", [&] { return stage.Count(Happening::kReadable) == 1; });
  CHECK(stage.relay.Read(passage, octets, 9) == 9);
  CHECK(std::memcmp(octets, "beginning", 9) == 0);
  client.End();
  stage.ConnectTo(passage, stage.back_name, "beginning");
  Socket server = stage.Served();
  stage.Until("ended", [&] { return !server.Hear() && server.has_ended; });
  CHECK(server.heard == "beginning and more");

  int32_t brief;
  Socket other = stage.Accepted(&brief);
  CHECK(stage.relay.Read(brief, octets, sizeof octets) == 0);
  other.End();
  stage.Until("told", [&] { return stage.Count(Happening::kReadable) == 2; });
  CHECK(stage.relay.Read(brief, octets, sizeof octets) == -1);
  CHECK(stage.relay.Read(brief, octets, sizeof octets) == -1);
}

void AClientThatIsSentAwayHearsWhy() {
  Stage stage;
  int32_t passage;
  Socket client = stage.Accepted(&passage);
  stage.relay.Finish(passage, OctetsOf("go away"), 7);
  stage.Until("ended", [&] { return !client.Hear() && client.has_ended; });
  CHECK(client.heard == "go away");
  Socket other = stage.Accepted(&passage);
  stage.relay.Reset(passage);
  stage.Until("reset", [&] { return !other.Hear() && other.is_reset; });
  CHECK(stage.Count(Happening::kOver) == 2);
}

void AClientThatLeavesIsToldWhateverWasDone() {
  Stage stage;
  int32_t passage;
  {
    Socket client = stage.Accepted(&passage);
    client.Reset();
  }
  stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
  Name full_name;
  Socket full(Listener("127.0.0.1", &full_name, 0));
  Socket filler(BeginConnect(full_name));
  Socket client = stage.Accepted(&passage);
  stage.ConnectTo(passage, full_name);
  client.Reset();
  stage.Until("over", [&] { return stage.Count(Happening::kOver) == 2; });
}

void CommandsForWhoIsGoneDoNothing() {
  Stage stage;
  int32_t passage;
  Socket client = stage.Accepted(&passage);
  stage.relay.Reset(passage);
  uint8_t octet;
  const auto command_all = [&](int32_t index) {
    stage.ConnectTo(index, stage.back_name);
    stage.relay.Abandon(index);
    CHECK(stage.relay.Read(index, &octet, 1) == 0);
    stage.relay.Finish(index, &octet, 1);
    stage.relay.Reset(index);
    CHECK(stage.relay.LocalNameOf(index).family == 0);
  };
  command_all(passage);
  stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
  for (const int32_t index : {passage, -1, 1, 1 << 30}) command_all(index);
  stage.Turn();
  CHECK(stage.told.size() == 2);
  Socket next = stage.Accepted(&passage);
  stage.ConnectTo(passage, stage.back_name);
  Socket server = stage.Served();
  next.Send("the number is used again");
  stage.Until("heard", [&] { return server.Hear() && !server.heard.empty(); });
}

void WhereNothingMovesBothAreReset() {
  Stage stage;
  Pair pair(stage, 1);
  pair.client.Send("x");
  stage.Until("idle", [&] {
    stage.relay.Look();
    return stage.Count(Happening::kOver) == 1;
  });
  CHECK(stage.Last(Happening::kOver).detail == static_cast<int32_t>(Ending::kIdle));
  stage.Until("reset", [&] { return !pair.client.Hear() && !pair.server.Hear(); });
  CHECK(pair.client.is_reset && pair.server.is_reset);
}

void AListenerGoesFromOneRelayToAnother() {
  Stage stage;
  int32_t passage;
  Socket stays = stage.Accepted(&passage);
  Relay successor;
  stage.relay.StopListening();
  CHECK(successor.Listen(stage.front.fd()) == 0);
  Socket client = stage.Dial();
  pollfd ready{successor.fd(), POLLIN, 0};
  CHECK(poll(&ready, 1, static_cast<int>(kPatienceMs)) == 1);
  successor.Turn();
  Event event;
  CHECK(successor.TakeEvents(&event, 1) == 1 && event.happening == Happening::kAccepted);
  stage.ConnectTo(passage, stage.back_name);
  Socket server = stage.Served();
  stays.Send("still here");
  stage.Until("heard", [&] { return server.Hear() && server.heard == "still here"; });
  CHECK(successor.Listen(-1) == -EBADF);
}

/** As while another thread starts a program: a copy of the socket is open for a moment longer, and the kernel goes on to speak of it. */
void WhatTheKernelSaysOfASocketThatIsClosedIsNobodys() {
  Stage stage;
  int32_t passage;
  Socket former = stage.Accepted(&passage);
  int until_told[2];
  CHECK(pipe(until_told) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char octet;
    close(until_told[1]);
    (void)!read(until_told[0], &octet, 1);
    _exit(0);
  }
  close(until_told[0]);
  stage.relay.Reset(passage);
  stage.Until("over", [&] { return stage.Count(Happening::kOver) == 1; });
  int32_t next;
  Socket client = stage.Accepted(&next);
  CHECK(next == passage);
  uint8_t octet;
  CHECK(stage.relay.Read(next, &octet, 1) == 0);
  former.Send("not of the client that has the number now");
  pollfd ready{stage.relay.fd(), POLLIN, 0};
  CHECK(poll(&ready, 1, static_cast<int>(kPatienceMs)) == 1);
  stage.Turn();
  CHECK(stage.Count(Happening::kReadable) == 0);
  close(until_told[1]);
  waitpid(child, nullptr, 0);
}

void ARelayThatGoesResetsWhoeverIsThere() {
  auto stage = std::make_unique<Stage>();
  Pair pair(*stage);
  stage.reset();
  for (Socket* socket : {&pair.client, &pair.server}) {
    pollfd ready{socket->fd(), POLLIN, 0};
    CHECK(poll(&ready, 1, static_cast<int>(kPatienceMs)) == 1);
    CHECK(!socket->Hear() && socket->is_reset);
  }
}

constexpr Test kTests[] = {
    {"clients are told and relayed over both families", ClientsAreToldAndRelayedOverBothFamilies},
    {"the round trip to a client is told at its end", TheRoundTripToAClientIsToldAtItsEnd},
    {"nobody is measured who was not relayed", NobodyIsMeasuredWhoWasNotRelayed},
    {"what is sent leaves at once", WhatIsSentLeavesAtOnce},
    {"an end of one direction leaves the other", AnEndOfOneDirectionLeavesTheOther},
    {"what comes behind urgent octets is not forgotten", WhatComesBehindUrgentOctetsIsNotForgotten},
    {"a reset is passed on as a reset", AResetIsPassedOnAsAReset},
    {"a server that refuses is told, and another one gets everything", AServerThatRefusesIsToldAndAnotherOneGetsEverything},
    {"a try is abandoned, and nothing is told of it", ATryIsAbandonedAndNothingIsToldOfIt},
    {"beginnings are read when they come", BeginningsAreReadWhenTheyCome},
    {"a client that is sent away hears why", AClientThatIsSentAwayHearsWhy},
    {"a client that leaves is told, whatever was done", AClientThatLeavesIsToldWhateverWasDone},
    {"commands for who is gone do nothing", CommandsForWhoIsGoneDoNothing},
    {"where nothing moves both are reset", WhereNothingMovesBothAreReset},
    {"a listener goes from one relay to another", AListenerGoesFromOneRelayToAnother},
    {"what the kernel says of a socket that is closed is nobody's", WhatTheKernelSaysOfASocketThatIsClosedIsNobodys},
    {"a relay that goes resets whoever is there", ARelayThatGoesResetsWhoeverIsThere},
};

}  // namespace

int main() { return RunAll("tests of the relay's core", kTests); }
