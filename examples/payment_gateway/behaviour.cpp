#include "behaviour.hpp"

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace payment_gateway {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 8> names{{
    {"normal", Kind::normal},
    {"hang", Kind::hang},
    {"fail", Kind::fail},
    {"garbage", Kind::garbage},
    {"flood", Kind::flood},
    {"close", Kind::close},
    {"charge-then-hang", Kind::charge_then_hang},
    {"charge-then-close", Kind::charge_then_close},
}};

constexpr std::string_view delay_prefix = "delay=";
constexpr double max_delay_s = 3600;

std::optional<Behaviour> parse_delay(std::string_view text) {
    double seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, seconds);
    // Not a number compares false, too.
    if (failure != std::errc() || stop != end || !(seconds >= 0 && seconds <= max_delay_s)) {
        return std::nullopt;
    }
    return Behaviour{Kind::normal, std::chrono::milliseconds(static_cast<int>(seconds * 1000))};
}

}  // namespace

std::optional<Behaviour> parse_behaviour(std::string_view text) {
    if (text.starts_with(delay_prefix)) {
        return parse_delay(text.substr(delay_prefix.size()));
    }
    for (const auto& [name, kind] : names) {
        if (name == text) {
            return Behaviour{kind, {}};
        }
    }
    return std::nullopt;
}

std::string behaviours() {
    std::string text;
    for (const auto& [name, kind] : names) {
        text.append(name).append(", ");
    }
    return text + "delay=SECONDS";
}

void Script::set(Behaviour behaviour, std::optional<std::uint64_t> times) {
    x_behaviour = behaviour;
    x_left = times;
}

Behaviour Script::next() {
    if (!x_left) {
        return x_behaviour;
    }
    if (*x_left == 0) {
        return {};
    }
    --*x_left;
    return x_behaviour;
}

}  // namespace payment_gateway
