#include "sdk/core/record_marks.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace leasehold::core {

namespace {

std::string_view without_running(std::string_view record) {
    return is_running(record) ? record.substr(0, record.size() - running_mark.size()) : record;
}

// All fields of the record are strings of at most 127 bytes, with numbers below 16: one byte of
// field and type, one of length.
constexpr unsigned char string_type = 2;
constexpr unsigned char field_of_delay = 9 << 3 | string_type;
constexpr unsigned char type_bits = 7;
constexpr unsigned char more_bit = 0x80;

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

bool is_asked(std::string_view data) {
    return data == curator_revocation || without_running(data).ends_with(asked_mark);
}

std::string with_request(std::string_view record) {
    if (is_asked(record)) {
        return std::string(record);
    }
    std::string marked(without_running(record));
    marked += asked_mark;
    marked += is_running(record) ? running_mark : std::string_view{};
    return marked;
}

Duration lock_delay_of(std::string_view record) {
    while (record.size() >= 2) {
        const auto tag = static_cast<unsigned char>(record[0]);
        const auto length = static_cast<unsigned char>(record[1]);
        if ((tag & more_bit) != 0 || (tag & type_bits) != string_type || (length & more_bit) != 0 ||
            record.size() - 2 < length) {
            return {};
        }
        if (tag == field_of_delay) {
            return delay_from(record.substr(2, length));
        }
        record.remove_prefix(std::size_t{2} + length);
    }
    return {};
}

}  // namespace leasehold::core
