#include "sdk/embedded/release.hpp"

#include <array>
#include <charconv>
#include <system_error>

namespace leasehold::embedded {

std::optional<server::Release> parse_release(std::string_view text) {
    std::array<int, 3> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const char* const end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, numbers[i]);
        const bool is_last = i + 1 == numbers.size();
        if (error != std::errc{} || numbers[i] < 0 || (stopped == end) != is_last ||
            (!is_last && *stopped != '.')) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(stopped - text.data()) + (is_last ? 0 : 1));
    }
    const server::Release release{numbers[0], numbers[1], numbers[2]};
    if (release < server::Release{3, 4, 0} || release > server::Release{3, 9, 9}) {
        return std::nullopt;
    }
    return release;
}

}  // namespace leasehold::embedded
