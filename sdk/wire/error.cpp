#include "sdk/wire/error.hpp"

namespace leasehold::wire {

std::string_view describe(DecodeError error) noexcept {
    switch (error) {
        case DecodeError::truncated: return "the record is longer than its frame";
        case DecodeError::negative_length: return "a length inside the record is negative";
        case DecodeError::length_exceeds_input:
            return "a length inside the record exceeds the frame";
        case DecodeError::trailing_bytes: return "the frame is longer than its record";
        case DecodeError::bad_boolean: return "a boolean is neither 0 nor 1";
        case DecodeError::unexpected_null: return "a path, string or list is null";
        case DecodeError::invalid_multi:
            return "a multi holds an operation that has no place in it";
        case DecodeError::frame_too_large: return "the frame exceeds the limit";
        case DecodeError::undrainable_frame:
            return "the frame exceeds even the limit for skipping it";
        case DecodeError::negative_frame: return "the frame length is negative";
        case DecodeError::empty_frame: return "the frame is empty";
    }
    return "unknown decoding error";
}

}  // namespace leasehold::wire
