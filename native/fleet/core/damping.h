// Damping of one (target, prober) pair: src/health/damping.ts word for word, whose head is the specification.

#ifndef FLEET_DAMPING_H_
#define FLEET_DAMPING_H_

#include <algorithm>

#include "layout.h"

namespace fleet {

constexpr uint32_t kFlapPenalty = 1000;
constexpr uint32_t kGuardFrom = 2000;
constexpr uint32_t kPenaltyCap = 4000;
constexpr uint32_t kExtraLeast = 9;
constexpr uint32_t kExtraMost = 40;
constexpr uint32_t kCreditLoss = 3;
constexpr uint32_t kDecayStepSec = 75;
constexpr uint32_t kDecay[8] = {65536, 60097, 55109, 50535, 46341, 42495, 38968, 35734};

inline uint32_t Decayed(uint32_t penalty, uint32_t anchor_sec, uint32_t at_sec) {
  if (penalty == 0 || at_sec <= anchor_sec) return penalty;
  const uint32_t steps = (at_sec - anchor_sec) / kDecayStepSec;
  const uint32_t halves = steps >> 3;
  return halves > 15 ? 0 : ((penalty * kDecay[steps & 7]) >> 16) >> halves;
}

inline uint32_t ExtraSuccesses(const Columns& columns, size_t pair, uint32_t at_sec, const Shape& shape) {
  if (!shape.is_guarded) return 0;
  const uint32_t penalty = Decayed(columns.penalty[pair], columns.anchor_sec[pair], at_sec);
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

inline void Succeed(const Columns& columns, size_t pair, uint32_t at_sec, const Shape& shape) {
  const uint8_t opinion = columns.opinion[pair];
  if (opinion == kDown) {
    const uint32_t next = columns.streak[pair] + 1u;
    columns.streak[pair] = static_cast<uint8_t>(std::min(255u, next));
    if (next < shape.rise) return;
    Turn(columns, pair, ExtraSuccesses(columns, pair, at_sec, shape) > 0 ? kHeld : kUp);
    return;
  }
  const uint32_t credit = opinion - kHeld + 1u;
  const bool is_held_on = opinion >= kHeld && credit < ExtraSuccesses(columns, pair, at_sec, shape);
  Turn(columns, pair, is_held_on ? static_cast<uint8_t>(opinion + 1) : kUp);
}

inline void Fail(const Columns& columns, size_t pair, uint32_t at_sec, const Shape& shape) {
  const uint8_t opinion = columns.opinion[pair];
  if (opinion == kDown) {
    columns.streak[pair] = 0;
    return;
  }
  const uint32_t next = std::min(255u, columns.streak[pair] + 1u);
  const bool is_over = next >= shape.fall;
  if (shape.is_guarded && (opinion >= kHeld || (opinion == kUp && is_over))) Flap(columns, pair, at_sec);
  if (is_over) {
    Turn(columns, pair, kDown);
    return;
  }
  columns.streak[pair] = static_cast<uint8_t>(next);
  if (opinion >= kHeld) columns.opinion[pair] = opinion < kHeld + kCreditLoss ? kHeld : static_cast<uint8_t>(opinion - kCreditLoss);
}

/** Takes one result whose outcome is below kNotChecked. */
inline void Damp(const Columns& columns, size_t pair, bool is_success, uint32_t at_sec, const Shape& shape) {
  if (is_success) {
    Succeed(columns, pair, at_sec, shape);
  } else {
    Fail(columns, pair, at_sec, shape);
  }
}

}  // namespace fleet

#endif
