#include "sdk/core/contender_name.hpp"

#include <algorithm>
#include <charconv>

namespace leasehold::core {

namespace {

constexpr std::size_t sequence_digits = 10;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_separator(char c) {
    return c == '-' || c == '_';
}

std::size_t trailing_digits(std::string_view name) {
    const auto last_other = std::find_if_not(name.rbegin(), name.rend(), is_digit);
    return static_cast<std::size_t>(last_other - name.rbegin());
}

/// "%010d" of a negative number: a minus and nine digits or more, behind the name's own separator.
bool is_negative(std::string_view name, std::size_t digits) {
    if (digits < sequence_digits - 1 || digits + 2 > name.size()) {
        return false;
    }
    const std::string_view before = name.substr(0, name.size() - digits);
    return before.back() == '-' && is_separator(before[before.size() - 2]);
}

}  // namespace

std::string contender_prefix(Naming naming, std::string_view id) {
    return std::string(id) + (naming == Naming::kazoo ? "__lock__" : "-lock-");
}

std::optional<std::int64_t> sequence_of(std::string_view name) {
    const std::size_t digits = trailing_digits(name);
    if (is_negative(name, digits)) {
        return -1;
    }
    if (digits < sequence_digits) {
        return std::nullopt;
    }
    const std::string_view number = name.substr(name.size() - sequence_digits);
    std::int64_t sequence = 0;
    std::from_chars(number.data(), number.data() + number.size(), sequence);
    return sequence;
}

Listing read_listing(std::span<const std::string> children) {
    Listing listing;
    listing.queue.reserve(children.size());
    for (const std::string& name : children) {
        const auto sequence = sequence_of(name);
        if (!sequence) {
            ++listing.foreign;
            continue;
        }
        listing.is_exhausted |= *sequence < 0 || *sequence > max_sequence;
        listing.has_kazoo |= name.find("__lock__") != std::string::npos;
        listing.queue.push_back({*sequence, name});
    }
    std::sort(listing.queue.begin(), listing.queue.end());
    return listing;
}

}  // namespace leasehold::core
