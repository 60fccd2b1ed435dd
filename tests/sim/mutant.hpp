// Which of the planted bugs is awake in a build that holds them all; see mutants.toml.
#pragma once

#include <cstdint>
#include <string_view>

namespace leasehold::sim {

constexpr std::uint64_t mutant_number(std::string_view name) {
    std::uint64_t number = 0xcbf29ce484222325u;  // FNV-1a
    for (const char letter : name) {
        number = (number ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
    }
    return number;
}

/// Set before any thread runs a seed; 0 while all are asleep.
inline std::uint64_t awake_mutant = 0;

template <std::size_t size>
[[nodiscard]] inline bool is_awake(const char (&name)[size]) {
    return awake_mutant == mutant_number(std::string_view(name, size - 1));
}

}  // namespace leasehold::sim
