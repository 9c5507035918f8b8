// Damping of one (target, prober) pair: src/health/damping.ts word for word, whose head is the specification.

#ifndef FLEET_DAMPING_H_
#define FLEET_DAMPING_H_

#include <algorithm>

#include "layout.h"

namespace fleet {

constexpr uint32_t kFlapPenalty = 1000;
constexpr uint32_t kGuardFrom = 3000;
constexpr uint32_t kPenaltyCap = 6000;
constexpr uint32_t kExtraLeast = 4;
constexpr uint32_t kExtraMost = 40;
constexpr uint32_t kDecayStepSec = 75;
constexpr uint32_t kDecay[8] = {65536, 60097, 55109, 50535, 46341, 42495, 38968, 35734};

inline uint32_t Decayed(uint32_t penalty, uint32_t anchor_sec, uint32_t at_sec) {
  if (penalty == 0 || at_sec <= anchor_sec) return penalty;
  const uint32_t steps = (at_sec - anchor_sec) / kDecayStepSec;
  const uint32_t halves = steps >> 3;
  return halves > 15 ? 0 : ((penalty * kDecay[steps & 7]) >> 16) >> halves;
}

inline uint32_t ExtraSuccesses(uint32_t penalty) {
  if (penalty <= kGuardFrom) return 0;
  return std::min(kExtraMost, kExtraLeast + ((penalty - kGuardFrom) >> 6));
}

inline void Flap(const Columns& columns, size_t pair, uint32_t at_sec) {
  const uint32_t decayed = Decayed(columns.penalty[pair], columns.anchor_sec[pair], at_sec);
  columns.penalty[pair] = static_cast<uint16_t>(std::min(kPenaltyCap, decayed + kFlapPenalty));
  columns.anchor_sec[pair] = std::max(columns.anchor_sec[pair], at_sec);
}

inline void Turn(const Columns& columns, size_t pair, uint8_t opinion) {
  columns.opinion[pair] = opinion;
  columns.streak[pair] = 0;
}

/** Takes one result whose outcome is below kNotChecked. */
inline void Damp(const Columns& columns, size_t pair, bool is_success, uint32_t at_sec, const Shape& shape) {
  const uint8_t opinion = columns.opinion[pair];
  const uint32_t streak = columns.streak[pair];
  const uint32_t next = streak + 1;
  const auto saturated = static_cast<uint8_t>(std::min(255u, next));
  if (opinion == kDown) {
    if (!is_success) {
      if (shape.is_guarded && streak >= shape.rise) Flap(columns, pair, at_sec);
      columns.streak[pair] = 0;
      return;
    }
    columns.streak[pair] = saturated;
    if (next < shape.rise) return;
    const uint32_t penalty = Decayed(columns.penalty[pair], columns.anchor_sec[pair], at_sec);
    if (shape.is_guarded && next < shape.rise + ExtraSuccesses(penalty)) return;
    Turn(columns, pair, kUp);
    return;
  }
  if (is_success) {
    Turn(columns, pair, kUp);
    return;
  }
  columns.streak[pair] = saturated;
  if (next < shape.fall) return;
  if (shape.is_guarded && opinion == kUp) Flap(columns, pair, at_sec);
  Turn(columns, pair, kDown);
}

}  // namespace fleet

#endif
