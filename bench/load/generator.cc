// Sends DNS queries to one server and counts what comes back: the one load generator of every benchmark, so that all servers
// are asked in the same way. Queries come ready-made from a file; nothing is parsed but identifiers, QR and RCODE.
//
// Two ways of sending: a window (so many queries under way, the next one when one is answered: what can the server do?) and a
// rate (sent on time whether or not answers come, so that a slow server cannot slow its own measurement: how late is it?).
// One thread; bounded in time and in queries under way. Linux only. It prints one line of JSON.
//
// Invariant: every query sent is in the end either answered or lost, once.

#include <algorithm>
#include <csignal>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "channel.h"

namespace {

using namespace load;

constexpr int kBatch = 64;                 // datagrams in one system call
constexpr size_t kMaxReplySize = 4096;     // octets of a datagram
constexpr size_t kMaxSamples = 64u << 20;  // latencies kept
constexpr uint64_t kTimeout = kSecond;     // a reply that takes longer counts as lost
constexpr uint64_t kExpireEvery = kSecond / 100;

struct Counts {
  uint64_t sent = 0, answered = 0, lost = 0, unexpected = 0, withAnswer = 0, replyOctets = 0, refusedByKernel = 0, reconnects = 0;
  uint64_t rcodes[16] = {};
};

class Generator {
 public:
  explicit Generator(const Options &options) : o(options), file(readQueries(options.queries)) {
    latencies.reserve(1 << 20);
    for (int i = 0; i < o.sockets && o.tcpShare < 1; i++) open(false);
    for (int i = 0; i < o.connections && o.tcpShare > 0; i++) open(true);
    udpCount = o.tcpShare < 1 ? static_cast<size_t>(o.sockets) : 0;
  }

  void run(const volatile sig_atomic_t &isStopped) {
    startedAt = now();
    const uint64_t endAt = startedAt + static_cast<uint64_t>(o.seconds * kSecond);
    uint64_t at = startedAt;
    while (at < endAt && !isStopped && counts.sent < o.count) {
      const uint64_t sentNow = send(at);
      const uint64_t receivedNow = receive();
      if (sentNow + receivedNow == 0 && !o.spin) sleep(at, endAt);
      at = now();
      if (at - expiredAt > kExpireEvery) expire(at);
    }
    endedAt = at;
    answeredInTime = counts.answered;
    while (underWay() > 0 && at - endedAt < kTimeout) {
      flush();
      if (receive() == 0 && !o.spin) sleep(at, endedAt + kTimeout);
      at = now();
    }
    expire(at + 2 * kTimeout);
  }

  void report() {
    std::sort(latencies.begin(), latencies.end());
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    const std::pair<const char *, uint64_t> fields[] = {
        {"sent", counts.sent},
        {"answered", counts.answered},
        {"lost", counts.lost},
        {"unexpected", counts.unexpected},
        {"withAnswer", counts.withAnswer},
        {"replyOctets", counts.replyOctets},
        {"refusedByKernel", counts.refusedByKernel},
        {"droppedHere", droppedHere()},
        {"reconnects", counts.reconnects},
    };
    std::printf("{");
    for (const auto &[name, value] : fields) std::printf("\"%s\":%lu,", name, value);
    const double elapsed = static_cast<double>(endedAt - startedAt) / kSecond;
    std::printf("\"seconds\":%.6f,\"perSecond\":%.1f,", elapsed, static_cast<double>(answeredInTime) / elapsed);
    std::printf("\"cpuSeconds\":%.3f,\"latestUs\":%.1f,", cpu, static_cast<double>(latest) / 1e3);
    std::printf("\"rcodes\":{");
    bool isFirst = true;
    for (int i = 0; i < 16; i++) {
      if (counts.rcodes[i] == 0) continue;
      std::printf("%s\"%d\":%lu", isFirst ? "" : ",", i, counts.rcodes[i]);
      isFirst = false;
    }
    std::printf("},\"latencyUs\":{");
    const std::pair<const char *, double> shares[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
    for (const auto &[name, share] : shares) {
      std::printf("%s\"%s\":", share == 0.5 ? "" : ",", name);
      // A lost query is one that took for ever.
      const uint64_t asked = latencies.size() + counts.lost;
      const uint64_t rank = static_cast<uint64_t>(share * static_cast<double>(asked) + 0.999999);
      if (rank == 0 || rank > latencies.size()) std::printf("null");
      else std::printf("%.1f", latencies[rank - 1] / 1e3);
    }
    std::printf("}}\n");
  }

 private:
  const Options o;
  const QueryFile file;
  size_t nextQuery = 0;
  std::vector<Channel> channels;
  size_t udpCount = 0, nextUdp = 0, nextTcp = 0;
  double tcpCredit = 0;
  Counts counts;
  std::vector<uint32_t> latencies;  // ns
  uint64_t startedAt = 0, endedAt = 0, expiredAt = 0, answeredInTime = 0, latest = 0;
  uint64_t random = 0x9e3779b97f4a7c15;  // xorshift64 (G. Marsaglia 2003)

  void open(bool isTcp) {
    channels.emplace_back();
    channels.back().isTcp = isTcp;
    connectChannel(channels.back(), o);
  }

  uint64_t underWay() const {
    uint64_t sum = 0;
    for (const Channel &channel : channels) sum += channel.underWay;
    return sum;
  }

  /** Time at which the next query is due, at a fixed rate. */
  uint64_t dueAt() const { return startedAt + static_cast<uint64_t>(static_cast<double>(counts.sent) / o.rate * kSecond); }

  uint64_t send(uint64_t at) {
    uint64_t wanted;
    if (o.rate > 0) {
      const uint64_t due = static_cast<uint64_t>(static_cast<double>(at - startedAt) * o.rate / kSecond) + 1;
      if (due <= counts.sent) return 0;
      latest = std::max(latest, at - dueAt());
      wanted = due - counts.sent;
    } else {
      const uint64_t now = underWay();
      wanted = now < o.window ? o.window - now : 0;
    }
    const int total = static_cast<int>(std::min({wanted, static_cast<uint64_t>(kBatch), o.count - counts.sent}));
    int tcp = 0;
    for (int i = 0; i < total && o.tcpShare > 0; i++) {
      tcpCredit += o.tcpShare;
      if (tcpCredit < 1) continue;
      tcpCredit -= 1;
      tcp++;
    }
    const int batch = o.spread ? 1 : kBatch;
    for (int left = total - tcp; left > 0; left -= batch) sendDatagrams(channels[nextUdp++ % udpCount], std::min(left, batch));
    for (int i = 0; i < tcp; i++) enqueue(channels[udpCount + nextTcp++ % (channels.size() - udpCount)]);
    if (tcp > 0) flush();
    return static_cast<uint64_t>(total);
  }

  /** Writes the next query with a fresh identifier; returns its size. */
  size_t writeQuery(Channel &channel, uint8_t *to, uint64_t at) {
    const Query &query = file.queries[nextQuery];
    if (++nextQuery == file.queries.size()) nextQuery = 0;
    std::memcpy(to, file.octets.data() + query.offset, query.size);
    const uint32_t id = channel.next++ & (kIds - 1);
    if (channel.sentAt[id] != 0) forget(channel, id);
    channel.sentAt[id] = at;
    channel.underWay++;
    counts.sent++;
    to[0] = static_cast<uint8_t>(id >> 8);
    to[1] = static_cast<uint8_t>(id);
    if (o.randomLabel) {
      for (size_t i = 0; i < to[12]; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        to[13 + i] = static_cast<uint8_t>("abcdefghijklmnopqrstuvwxyz234567"[random >> 59]);
      }
    }
    return query.size;
  }

  /** Gives up a query. */
  void forget(Channel &channel, uint32_t id) {
    channel.sentAt[id] = 0;
    channel.underWay--;
    counts.lost++;
  }

  void sendDatagrams(Channel &channel, int count) {
    static uint8_t buffer[kBatch][kMaxQuerySize];
    iovec parts[kBatch];
    mmsghdr messages[kBatch];
    std::memset(messages, 0, sizeof messages);
    const uint64_t at = now();
    for (int i = 0; i < count; i++) {
      parts[i] = {buffer[i], writeQuery(channel, buffer[i], at)};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    // What the kernel does not take is lost: it was due now.
    int done = 0;
    while (done < count) {
      const int n = sendmmsg(channel.fd, messages + done, static_cast<unsigned>(count - done), 0);
      if (n > 0) done += n;
      else if (errno != EINTR) {
        counts.refusedByKernel++;
        done++;
      }
    }
  }

  void enqueue(Channel &channel) {
    uint8_t query[kMaxQuerySize];
    const size_t size = writeQuery(channel, query, now());
    channel.toSend.push_back(static_cast<uint8_t>(size >> 8));
    channel.toSend.push_back(static_cast<uint8_t>(size));
    channel.toSend.insert(channel.toSend.end(), query, query + size);
  }

  void flush() {
    for (size_t i = udpCount; i < channels.size(); i++) {
      Channel &channel = channels[i];
      if (channel.toSend.empty()) continue;
      const ssize_t n = ::send(channel.fd, channel.toSend.data(), channel.toSend.size(), MSG_NOSIGNAL);
      if (n > 0) channel.toSend.erase(channel.toSend.begin(), channel.toSend.begin() + n);
      else if (n < 0 && errno != EAGAIN && errno != EINTR) reconnect(channel);
    }
  }

  /** The server closed a connection: what was under way on it is lost. */
  void reconnect(Channel &channel) {
    close(channel.fd);
    for (uint32_t id = 0; id < kIds; id++)
      if (channel.sentAt[id] != 0) forget(channel, id);
    channel.toSend.clear();
    channel.received.clear();
    counts.reconnects++;
    connectChannel(channel, o);
  }

  uint64_t receive() {
    uint64_t sum = 0;
    for (Channel &channel : channels)
      if (channel.underWay > 0) sum += channel.isTcp ? receiveStream(channel) : receiveDatagrams(channel);
    return sum;
  }

  uint64_t receiveDatagrams(Channel &channel) {
    static uint8_t buffer[kBatch][kMaxReplySize];
    static iovec parts[kBatch];
    static mmsghdr messages[kBatch];
    for (int i = 0; i < kBatch; i++) {
      parts[i] = {buffer[i], kMaxReplySize};
      messages[i].msg_hdr = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int n = recvmmsg(channel.fd, messages, kBatch, MSG_DONTWAIT, nullptr);
    if (n <= 0) return 0;
    const uint64_t at = now();
    for (int i = 0; i < n; i++) take(channel, buffer[i], messages[i].msg_len, at);
    return static_cast<uint64_t>(n);
  }

  uint64_t receiveStream(Channel &channel) {
    static uint8_t buffer[1 << 16];
    const ssize_t n = recv(channel.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      reconnect(channel);
      return 1;
    }
    if (n < 0) return 0;
    const uint64_t at = now();
    std::vector<uint8_t> &received = channel.received;
    received.insert(received.end(), buffer, buffer + n);
    size_t done = 0;
    while (received.size() - done >= 2) {
      const size_t size = static_cast<size_t>(received[done] << 8 | received[done + 1]);
      if (received.size() - done - 2 < size) break;
      take(channel, received.data() + done + 2, size, at);
      done += 2 + size;
    }
    received.erase(received.begin(), received.begin() + static_cast<ssize_t>(done));
    return 1;
  }

  void take(Channel &channel, const uint8_t *reply, size_t size, uint64_t at) {
    const uint32_t id = size < 12 ? 0 : static_cast<uint32_t>(reply[0] << 8 | reply[1]);
    if (size < 12 || (reply[2] & 0x80) == 0 || channel.sentAt[id] == 0) {
      counts.unexpected++;
      return;
    }
    const uint64_t latency = std::min<uint64_t>(at - channel.sentAt[id], UINT32_MAX);
    if (latencies.size() < kMaxSamples) latencies.push_back(static_cast<uint32_t>(latency));
    channel.sentAt[id] = 0;
    channel.underWay--;
    counts.answered++;
    counts.replyOctets += size;
    counts.rcodes[reply[3] & 15]++;
    if (reply[6] != 0 || reply[7] != 0) counts.withAnswer++;
  }

  void expire(uint64_t at) {
    expiredAt = at;
    for (Channel &channel : channels) {
      while (channel.oldest != channel.next) {
        const uint32_t id = channel.oldest & (kIds - 1);
        if (channel.sentAt[id] != 0) {
          if (at < channel.sentAt[id] + kTimeout) break;
          forget(channel, id);
        }
        channel.oldest++;
      }
    }
  }

  /** Sleeps until something arrives or the next query is due. */
  void sleep(uint64_t at, uint64_t endAt) {
    std::vector<pollfd> fds;
    for (const Channel &channel : channels) {
      const int events = channel.toSend.empty() ? POLLIN : POLLIN | POLLOUT;
      if (channel.underWay > 0) fds.push_back({channel.fd, static_cast<short>(events), 0});
    }
    uint64_t until = std::min(endAt, at + kExpireEvery);
    if (o.rate > 0 && endedAt == 0) until = std::min(until, dueAt());
    const uint64_t wait = until > at ? until - at : 0;
    const timespec timeout{static_cast<time_t>(wait / kSecond), static_cast<long>(wait % kSecond)};
    ppoll(fds.data(), fds.size(), &timeout, nullptr);
  }

  /** Replies that came and found our queue full: a fault of the measurement, not of the server. */
  uint64_t droppedHere() const {
    uint64_t sum = 0;
    for (const Channel &channel : channels) {
      uint32_t info[SK_MEMINFO_VARS] = {};
      socklen_t size = sizeof info;
      if (!channel.isTcp && getsockopt(channel.fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0) sum += info[SK_MEMINFO_DROPS];
    }
    return sum;
  }
};

volatile sig_atomic_t isStopped = 0;

}  // namespace

int main(int argc, char **argv) {
  const Options options = readOptions(argc, argv);
  std::signal(SIGTERM, [](int) { isStopped = 1; });
  prctl(PR_SET_TIMERSLACK, 1);
  Generator generator(options);
  generator.run(isStopped);
  generator.report();
}
