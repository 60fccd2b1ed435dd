// A small generator that gives the same numbers for the same seed on every compiler, so that a
// simulated run can be repeated from its seed.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::core {

struct Hex16 {
    std::array<char, 16> digits{};

    [[nodiscard]] std::string_view text() const { return {digits.data(), digits.size()}; }
};

/// xoshiro256** (Blackman and Vigna), its state filled by splitmix64. For jitter and names; not for
/// secrets. Thread safety: none.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept {
        for (std::uint64_t& word : x_state) {
            seed += 0x9e3779b97f4a7c15u;
            word = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
            word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
            word ^= word >> 31;
        }
    }

    [[nodiscard]] std::uint64_t next() noexcept {
        const std::uint64_t value = std::rotl(x_state[1] * 5, 7) * 9;
        const std::uint64_t shifted = x_state[1] << 17;
        x_state[2] ^= x_state[0];
        x_state[3] ^= x_state[1];
        x_state[1] ^= x_state[2];
        x_state[0] ^= x_state[3];
        x_state[2] ^= shifted;
        x_state[3] = std::rotl(x_state[3], 45);
        return value;
    }

    /// Uniform in [0, bound); 0 for a bound of 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
        if (bound == 0) {
            return 0;
        }
        // The lowest 2^64 mod bound values would make the small remainders more likely.
        const std::uint64_t biased = (0 - bound) % bound;
        std::uint64_t value = next();
        while (value < biased) {
            value = next();
        }
        return value % bound;
    }

    /// Sixteen random lower-case hex digits.
    [[nodiscard]] Hex16 hex16() {
        static constexpr std::string_view digits = "0123456789abcdef";
        Hex16 text;
        std::uint64_t bits = next();
        for (char& digit : text.digits) {
            digit = digits[bits >> 60];
            bits <<= 4;
        }
        return text;
    }

private:
    std::array<std::uint64_t, 4> x_state{};
};

}  // namespace leasehold::core
