#include "sdk/cli/duration.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace leasehold::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t longest_text = 40;  // no duration in range needs more

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr std::array units{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                           Unit{"h", 3'600'000}};

Error refuse(std::string_view text, std::string_view why) {
    std::string what = "'";
    what += text.substr(0, longest_text);
    what += text.size() > longest_text ? "...' " : "' ";
    what += why;
    return {errc::invalid_argument, std::move(what)};
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) {
        ++count;
    }
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

std::optional<std::int64_t> milliseconds_of(std::string_view unit) {
    for (const Unit& each : units) {
        if (each.name == unit) {
            return each.milliseconds;
        }
    }
    return std::nullopt;
}

constexpr std::int64_t limit_ms = std::chrono::milliseconds(longest_duration).count();

/// The value of `digits`, or more than the limit if it is that.
std::int64_t value_of(std::string_view digits) {
    std::int64_t value = 0;
    for (const char digit : digits) {
        value = value * 10 + (digit - '0');
        if (value > limit_ms) {
            return limit_ms + 1;
        }
    }
    return value;
}

/// `0.fraction` units in milliseconds; nothing if that is not whole.
std::optional<std::int64_t> fraction_of(std::string_view fraction, std::int64_t unit_ms) {
    std::int64_t rest = unit_ms;
    std::int64_t sum = 0;
    while (!fraction.empty() && fraction.back() == '0') {
        fraction.remove_suffix(1);
    }
    for (const char digit : fraction) {
        if (rest % 10 != 0) {
            return std::nullopt;
        }
        rest /= 10;
        sum += (digit - '0') * rest;
    }
    return sum;
}

std::string with_unit(std::int64_t number, std::string_view unit) {
    return std::to_string(number).append(unit);
}

std::string format_seconds(std::int64_t ms) {
    std::string text = std::to_string(ms / 1'000);
    if (ms % 1'000 != 0) {
        std::string fraction = std::to_string(1'000 + ms % 1'000);
        fraction.front() = '.';
        while (fraction.back() == '0') {
            fraction.pop_back();
        }
        text += fraction;
    }
    return text + "s";
}

}  // namespace

result<milliseconds> parse_duration(std::string_view text) {
    if (text.empty()) {
        return Error{errc::invalid_argument,
                     "is empty; write a duration such as 500ms, 2s or 1.5s"};
    }
    if (text.front() == '-') {
        return refuse(text, "is negative; a duration is 0 or more, such as 500ms or 2s");
    }
    std::string_view rest = text;
    const std::string_view whole = take_digits(rest);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        fraction = take_digits(rest);
        if (fraction.empty()) {
            return refuse(text, "has no digit after its point; write a duration such as 1.5s");
        }
    }
    if (whole.empty()) {
        return refuse(text, "is no duration; write one such as 500ms, 2s, 1.5s, 1m or 1h");
    }
    if (rest.empty()) {
        return refuse(text, "has no unit; write " + std::string(text.substr(0, longest_text)) +
                                "s or " + std::string(text.substr(0, longest_text)) + "ms");
    }
    const std::optional<std::int64_t> unit = milliseconds_of(rest);
    if (!unit) {
        return refuse(text, "has an unknown unit; the units are ms, s, m and h");
    }
    const std::optional<std::int64_t> part = fraction_of(fraction, *unit);
    if (!part) {
        return refuse(text, "is finer than a millisecond");
    }
    const std::int64_t count = value_of(whole);
    if (count > limit_ms / *unit || count * *unit + *part > limit_ms) {
        return refuse(text, "is too long; the most is 596h");
    }
    return milliseconds(count * *unit + *part);
}

std::string format_duration(milliseconds duration) {
    const std::int64_t ms = duration.count();
    if (ms < 0) {
        return "-" + format_duration(-duration);
    }
    if (ms == 0) {
        return "0s";
    }
    if (ms < 1'000) {
        return with_unit(ms, "ms");
    }
    if (ms < 60'000) {
        return format_seconds(ms);
    }
    const bool has_hours = ms >= 3'600'000;
    std::string text = has_hours ? with_unit(ms / 3'600'000, "h") : with_unit(ms / 60'000, "m");
    if (has_hours && ms % 3'600'000 >= 60'000) {
        text += " " + with_unit(ms % 3'600'000 / 60'000, "m");
    }
    if (ms % 60'000 != 0) {
        text += " " + format_duration(milliseconds(ms % 60'000));
    }
    return text;
}

std::string format_age(milliseconds age) {
    using namespace std::chrono_literals;
    if (age >= 1h) {
        return format_duration(std::chrono::floor<std::chrono::minutes>(age));
    }
    if (age >= 10s) {
        return format_duration(std::chrono::floor<std::chrono::seconds>(age));
    }
    return age >= 1s ? format_duration(age - age % 100ms) : format_duration(age);
}

}  // namespace leasehold::cli
