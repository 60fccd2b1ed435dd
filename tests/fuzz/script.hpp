// Reads numbers and texts off a fuzzer's input, as far as it goes: behind its end everything is 0
// and empty, so that every input is a whole script.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leasehold::fuzz {

class Script {
public:
    explicit Script(std::string_view bytes) noexcept : x_rest(bytes) {}

    [[nodiscard]] bool is_over() const noexcept { return x_rest.empty(); }

    std::uint8_t byte() noexcept {
        const std::string_view taken = take(1);
        return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
    }
    bool coin() noexcept { return (byte() & 1U) != 0; }

    std::uint64_t bits(std::size_t bytes) noexcept {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            value = value << 8U | byte();
        }
        return value;
    }
    std::int32_t int32() noexcept { return static_cast<std::int32_t>(bits(4)); }
    std::int64_t int64() noexcept { return static_cast<std::int64_t>(bits(8)); }

    /// From 0 to below `end`, which is at most 256.
    std::size_t below(std::size_t end) noexcept { return byte() % end; }

    template <class List>
    const auto& one_of(const List& list) noexcept {
        return list[below(std::size(list))];
    }

    /// One byte of length, then the text.
    std::string_view text() noexcept { return take(byte()); }
    std::string_view take(std::size_t size) noexcept {
        const std::string_view taken = x_rest.substr(0, std::min(size, x_rest.size()));
        x_rest.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() noexcept { return take(x_rest.size()); }

private:
    std::string_view x_rest;
};

}  // namespace leasehold::fuzz
