// What happened in one run: a hash of all of it, a readable trace if wanted, and what must not have
// happened.
#pragma once

#include <leasehold/clock.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::sim {

/// The hash takes in numbers and bytes only, never addresses, so that it is the same for every
/// compiler and for any number of threads.
class Hash {
public:
    void mix(std::uint64_t value) {
        x_state = std::rotl((x_state ^ value) * 0x9fb21c651e98df25u, 29);
    }
    void mix(std::string_view bytes) {
        while (bytes.size() >= 8) {
            mix(word(bytes.substr(0, 8)));
            bytes.remove_prefix(8);
        }
        mix(word(bytes) ^ (std::uint64_t{bytes.size()} << 56));
    }
    [[nodiscard]] std::uint64_t value() const { return x_state; }

private:
    static std::uint64_t word(std::string_view bytes) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), bytes.size());  // little-endian, as all our machines are
        return word;
    }

    std::uint64_t x_state = 0x2545f4914f6cdd1du;
};

class Journal {
public:
    explicit Journal(bool is_traced) : x_is_traced(is_traced) {}

    Hash hash;

    /// `tell` gives the line's text; called only if somebody is going to read it.
    template <class Tell>
    void note(Instant truth, Tell tell) {
        if (x_is_traced) {
            write(truth, tell());
        }
    }
    void violated(Instant truth, std::string what) {
        if (x_violations.size() < most_violations) {
            note(truth, [&] { return "VIOLATION " + what; });
            hash.mix(what);
            x_violations.push_back(std::move(what));
        }
    }

    [[nodiscard]] bool is_clean() const { return x_violations.empty(); }
    [[nodiscard]] const std::vector<std::string>& violations() const { return x_violations; }
    [[nodiscard]] const std::vector<std::string>& trace() const { return x_trace; }

private:
    static constexpr std::size_t most_violations = 20;

    void write(Instant truth, const std::string& text);

    bool x_is_traced;
    std::vector<std::string> x_violations;
    std::vector<std::string> x_trace;
};

/// "12.345678 s" since the world's beginning.
[[nodiscard]] std::string time_text(Instant truth);
[[nodiscard]] std::string ms_text(Duration duration);

/// The world begins here: not at 0, where a time that was never set would pass for one. The
/// ensemble begins at 0, and so has a leader when the first client comes.
inline constexpr Instant genesis{std::chrono::seconds{5}};

}  // namespace leasehold::sim
