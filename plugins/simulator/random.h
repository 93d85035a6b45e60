#pragma once
// Random numbers that are the same on every machine: the standard's distributions are not.

#include <cstdint>
#include <string_view>

namespace racehub::simulator {

/// SplitMix64: small, fast, and good enough for cars.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t value = state_;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
        return value ^ (value >> 31);
    }
    double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }  ///< [0, 1)
    double between(double from, double to) { return from + (to - from) * unit(); }
    bool chance(double percent) { return unit() * 100 < percent; }
    /// About normal, mean 0, deviation 1, never beyond 6.
    double normal() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += unit();
        return sum;
    }

  private:
    std::uint64_t state_;
};

/// A seed made of another and a text (FNV-1a).
inline std::uint64_t mix(std::uint64_t seed, std::string_view text) {
    std::uint64_t hash = seed ^ 14695981039346656037U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return Random(hash).next();
}

}  // namespace racehub::simulator
