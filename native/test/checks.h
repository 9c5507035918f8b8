// What the tests of the native cores share: a check that counts, and a list of tests that is run.

#pragma once

#include <cstddef>
#include <cstdio>

namespace checks {

inline int failures = 0;

inline void Check(bool is_true, const char* text, int line) {
  if (is_true) return;
  failures++;
  std::printf("  line %d: not so: %s\n", line, text);
}

struct Test {
  const char* name;
  void (*run)();
};

/** Runs them in turn and says how each went; what main() returns. */
template <size_t count>
int RunAll(const char* what, const Test (&tests)[count]) {
  int failed = 0;
  for (const Test& test : tests) {
    failures = 0;
    test.run();
    std::printf("%s %s\n", failures == 0 ? "ok  " : "FAIL", test.name);
    if (failures > 0) failed++;
  }
  std::printf("%zu %s, %d failed\n", count, what, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace checks

#define CHECK(condition) checks::Check((condition), #condition, __LINE__)
