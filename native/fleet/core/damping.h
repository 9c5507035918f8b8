// Damping of one (target, prober) pair: src/health/damping.ts word for word, whose head is the specification.

#ifndef FLEET_DAMPING_H_
#define FLEET_DAMPING_H_

#include <algorithm>

#include "layout.h"

namespace fleet {

constexpr uint32_t kFlapPenalty = 1000;
constexpr uint32_t kGuardFrom = 2000;
constexpr uint32_t kPenaltyCap = 4000;
constexpr uint32_t kStraysMost = 15;
constexpr uint32_t kBrokenStrays = 2;
constexpr uint32_t kStraysPerStep = 4;
constexpr unsigned kStraysAt = 12;
constexpr uint32_t kPenaltyMask = 4095;
constexpr uint32_t kExtraLeast = 9;
constexpr uint32_t kExtraMost = 40;
constexpr uint32_t kCreditLoss = 3;
constexpr uint32_t kDecayStepSec = 75;
constexpr uint32_t kDecay[8] = {65536, 60097, 55109, 50535, 46341, 42495, 38968, 35734};

inline uint32_t StepsSince(uint32_t anchor_sec, uint32_t at_sec) {
  return at_sec <= anchor_sec ? 0 : (at_sec - anchor_sec) / kDecayStepSec;
}

inline uint32_t DecayedPenalty(uint32_t penalty, uint32_t steps) {
  const uint32_t halves = steps >> 3;
  return halves > 15 ? 0 : (((penalty & kPenaltyMask) * kDecay[steps & 7]) >> 16) >> halves;
}

inline uint32_t StraysLeft(uint32_t penalty, uint32_t steps) {
  const uint32_t strays = penalty >> kStraysAt;
  return steps > kStraysMost ? 0 : strays - std::min(strays, kStraysPerStep * steps);
}

inline uint32_t ExtraSuccesses(const Columns& columns, size_t pair, uint32_t at_sec, const Shape& shape) {
  if (!shape.is_guarded) return 0;
  const uint32_t steps = StepsSince(columns.anchor_sec[pair], at_sec);
  const uint32_t penalty = columns.penalty[pair];
  const uint32_t sum = DecayedPenalty(penalty, steps) + (StraysLeft(penalty, steps) << 9);
  if (sum <= kGuardFrom) return 0;
  return std::min(kExtraMost, kExtraLeast + ((sum - kGuardFrom) >> 6));
}

inline void Charge(const Columns& columns, size_t pair, uint32_t at_sec, uint32_t penalty, uint32_t strays) {
  const uint32_t anchor_sec = columns.anchor_sec[pair];
  const uint32_t steps = StepsSince(anchor_sec, at_sec);
  const uint32_t decayed = DecayedPenalty(columns.penalty[pair], steps);
  const uint32_t left = StraysLeft(columns.penalty[pair], steps);
  columns.anchor_sec[pair] = decayed + left == 0 ? std::max(anchor_sec, at_sec) : anchor_sec + steps * kDecayStepSec;
  const uint32_t sum = std::min(kPenaltyCap, decayed + penalty);
  columns.penalty[pair] = static_cast<uint16_t>(sum | std::min(kStraysMost, left + strays) << kStraysAt);
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
  const uint32_t stray = columns.streak[pair];
  if (opinion == kUp && stray > 0 && shape.is_guarded) Charge(columns, pair, at_sec, 0, stray);
  const uint32_t credit = opinion - kHeld + 1u;
  const bool is_held_on = opinion >= kHeld && credit < ExtraSuccesses(columns, pair, at_sec, shape);
  Turn(columns, pair, is_held_on ? static_cast<uint8_t>(opinion + 1) : kUp);
}

inline void Fail(const Columns& columns, size_t pair, uint32_t at_sec, const Shape& shape) {
  const uint8_t opinion = columns.opinion[pair];
  if (opinion == kDown) {
    if (columns.streak[pair] > 0 && shape.is_guarded) Charge(columns, pair, at_sec, 0, kBrokenStrays);
    columns.streak[pair] = 0;
    return;
  }
  const uint32_t next = std::min(255u, columns.streak[pair] + 1u);
  if (next >= shape.fall) {
    if (opinion != kUnknown && shape.is_guarded) Charge(columns, pair, at_sec, kFlapPenalty, 0);
    Turn(columns, pair, kDown);
    return;
  }
  columns.streak[pair] = static_cast<uint8_t>(next);
  if (opinion < kHeld) return;
  if (shape.is_guarded) Charge(columns, pair, at_sec, 0, kBrokenStrays);
  columns.opinion[pair] = opinion < kHeld + kCreditLoss ? kHeld : static_cast<uint8_t>(opinion - kCreditLoss);
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
