// Names every way a frame from the network can be wrong, so that no decoder throws, guesses or
// crashes on one.
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/all_narrow.hpp>
#include <boost/outcome/success_failure.hpp>

#include <cstdint>
#include <string_view>

namespace leasehold::wire {

enum class DecodeError : std::uint8_t {
    truncated = 1,         // the record wants more bytes than the frame has
    negative_length,       // a length or count below -1 (-1 itself means null)
    length_exceeds_input,  // a length or count that the bytes at hand cannot hold
    trailing_bytes,        // the record ended before the frame did
    bad_boolean,           // a boolean byte that is neither 0 nor 1
    unexpected_null,       // null where the protocol needs a path, a string or a list
    invalid_multi,         // a multi holding an operation whose layout nobody can know
    frame_too_large,       // over the frame limit; may be drained
    undrainable_frame,     // over the drain limit as well
    negative_frame,        // a frame length below zero
    empty_frame,           // a frame of no bytes: shorter than any header
};

// Narrow: asking a failed result for its value is a bug of the caller, not a condition to handle.
template <class T>
using result =
    boost::outcome_v2::basic_result<T, DecodeError, boost::outcome_v2::policy::all_narrow>;

[[nodiscard]] std::string_view describe(DecodeError error) noexcept;

}  // namespace leasehold::wire
