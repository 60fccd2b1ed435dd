#include "sdk/core/record_marks.hpp"

#include "sdk/core/contender_name.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace leasehold::core {

namespace {

/// Of `lock_delay_ms` and `waits` in contender.proto.
constexpr char delay_tag = 'J';
constexpr char wait_tag = 'b';

/// The bytes of the first field of a record, tag and length included; 0 if it is none of ours. All
/// fields of contender.proto are strings with a number below 16 and fewer than 128 bytes.
std::size_t first_field(std::string_view record) {
    constexpr unsigned length_delimited = 2;
    constexpr unsigned wire_type_bits = 7;
    constexpr unsigned more_follows = 0x80;
    if (record.size() < 2) {
        return 0;
    }
    const auto tag = static_cast<unsigned char>(record[0]);
    const auto length = static_cast<unsigned char>(record[1]);
    const bool is_ours = (tag & more_follows) == 0 && (length & more_follows) == 0 &&
                         (tag & wire_type_bits) == length_delimited;
    const std::size_t size = std::size_t{2} + length;
    return is_ours && size <= record.size() ? size : 0;
}

/// Nothing if it is no record of ours.
std::string_view last_field(std::string_view record) {
    std::string_view last;
    while (!record.empty()) {
        const std::size_t size = first_field(record);
        if (size == 0) {
            return {};
        }
        last = record.substr(0, size);
        record.remove_prefix(size);
    }
    return last;
}

/// The mark behind a request; empty if there is none.
std::string_view closing_mark(std::string_view record) {
    if (is_running(record)) {
        return record.substr(record.size() - running_mark.size());
    }
    const std::string_view last = last_field(record);
    return last == share_mark || last.starts_with(wait_tag) ? last : std::string_view{};
}

std::string_view without_closing(std::string_view record) {
    return record.substr(0, record.size() - closing_mark(record).size());
}

Duration delay_from(std::string_view text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc::result_out_of_range && text.front() != '-') {
        return longest_lock_delay;
    }
    if (error != std::errc{} || stop != end || value < 0) {
        return {};
    }
    return std::chrono::milliseconds{std::min<std::int64_t>(value, longest_lock_delay.count())};
}

}  // namespace

bool is_running(std::string_view record) {
    return record.ends_with(running_mark);
}

bool may_say_shared(std::string_view name) {
    return is_our_name(name) && kind_of(name) == LockKind::exclusive;
}

bool says_shared(std::string_view name, std::string_view record) {
    return may_say_shared(name) && last_field(record) == share_mark;
}

bool may_be_shared(std::string_view name, std::string_view record) {
    return may_say_shared(name) && (last_field(record).empty() || says_shared(name, record));
}

std::string wait_mark(std::int64_t upgrade) {
    const std::string number = std::to_string(upgrade);
    return std::string(1, wait_tag) + static_cast<char>(number.size()) + number;
}

bool says_waits(std::string_view name, std::string_view record, std::int64_t upgrade) {
    return is_our_name(name) && kind_of(name) == LockKind::shared &&
           last_field(record) == wait_mark(upgrade);
}

bool is_asked(std::string_view data) {
    // What is no record of ours may swallow the mark behind it, as the end of its own last field.
    return data == curator_revocation || data.ends_with(asked_mark) ||
           without_closing(data).ends_with(asked_mark);
}

std::string with_request(std::string_view record) {
    if (is_asked(record)) {
        return std::string(record);
    }
    std::string marked(without_closing(record));
    marked += asked_mark;
    marked += closing_mark(record);
    return marked;
}

Duration lock_delay_of(std::string_view record) {
    while (!record.empty()) {
        const std::size_t size = first_field(record);
        if (size == 0) {
            return {};
        }
        if (record.front() == delay_tag) {
            return delay_from(record.substr(2, size - 2));
        }
        record.remove_prefix(size);
    }
    return {};
}

}  // namespace leasehold::core
