// The command line of the load generator, and what its parts share.

#pragma once

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>

namespace load {

constexpr uint64_t kSecond = 1'000'000'000;  // ns

struct Options {
  std::string address = "127.0.0.1";
  int port = 0;
  std::string queries;
  double seconds = 1;
  uint64_t count = UINT64_MAX;  // queries to send at most
  uint64_t window = 0;          // queries under way, or
  double rate = 0;              // queries a second
  int sockets = 1;
  double tcpShare = 0;  // of the queries, 0..1
  int connections = 16;
  bool spread = false;       // each query from the next socket, not a batch from each
  bool randomLabel = false;  // a new first label in each query
  bool spin = false;         // never sleeps: for a core of its own
};

[[noreturn]] inline void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  std::vfprintf(stderr, format, args);
  va_end(args);
  std::fputc('\n', stderr);
  std::exit(2);
}

inline uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * kSecond + static_cast<uint64_t>(t.tv_nsec);
}

inline Options readOptions(int argc, char **argv) {
  Options o;
  std::map<std::string, std::string> values;
  for (int i = 1; i < argc; i++) {
    const std::string name = argv[i];
    if (name == "--random-label") o.randomLabel = true;
    else if (name == "--spread") o.spread = true;
    else if (name == "--spin") o.spin = true;
    else if (i + 1 < argc) values[name] = argv[++i];
    else fail("%s needs a value", name.c_str());
  }
  const auto number = [&](const char *name, double fallback) {
    const auto found = values.find(name);
    const double value = found == values.end() ? fallback : std::strtod(found->second.c_str(), nullptr);
    values.erase(name);
    return value;
  };
  o.port = static_cast<int>(number("--port", 0));
  o.seconds = number("--seconds", o.seconds);
  o.count = static_cast<uint64_t>(number("--count", 1e18));
  o.window = static_cast<uint64_t>(number("--window", 0));
  o.rate = number("--rate", 0);
  o.sockets = static_cast<int>(number("--sockets", o.sockets));
  o.tcpShare = number("--tcp-share", 0);
  o.connections = static_cast<int>(number("--connections", o.connections));
  if (values.count("--address") > 0) o.address = values["--address"];
  o.queries = values["--queries"];
  values.erase("--address");
  values.erase("--queries");
  if (!values.empty()) fail("unknown option %s", values.begin()->first.c_str());
  if ((o.window > 0) == (o.rate > 0)) fail("either --window or --rate is needed");
  if (o.window > 32768 || o.seconds > 3600 || o.sockets < 1 || o.sockets > 256 || o.connections < 1 || o.connections > 256)
    fail("at most --window 32768, --seconds 3600, --sockets 256, --connections 256");
  return o;
}

}  // namespace load
