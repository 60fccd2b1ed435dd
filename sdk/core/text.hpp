// Text that came from a server or from another client, made safe and short enough to show to a
// person.
#pragma once

#include <leasehold/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::core {

/// True if `text` is well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Decodes the code point at the front of `text` and removes it; false if it is malformed.
[[nodiscard]] bool next_code_point(std::string_view& text, char32_t& code_point);

/// `text` with control characters, backslashes and malformed UTF-8 written as `\xNN`, and cut with
/// "..." so that it is at most `max_bytes` long. A terminal shows it without being steered by it.
[[nodiscard]] std::string escape(std::string_view text, std::size_t max_bytes = 200);

/// "1500 ms".
[[nodiscard]] std::string format_duration(Duration duration);

/// The last four hex digits: enough to tell sessions apart, too little to take one over.
[[nodiscard]] std::string shorten_session(std::int64_t session_id);

}  // namespace leasehold::core
