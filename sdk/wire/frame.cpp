#include "sdk/wire/frame.hpp"

#include "sdk/wire/archive.hpp"

#include <algorithm>
#include <cstdint>

namespace leasehold::wire {

namespace {

constexpr std::size_t length_size = 4;

}  // namespace

std::string_view FrameSplitter::unread() const noexcept {
    return std::string_view(x_buffer).substr(x_consumed);
}

void FrameSplitter::feed(std::string_view bytes) {
    if (x_state == State::failed) {
        return;  // nothing behind a bad length can be understood, so nothing is kept
    }
    const std::size_t skipped = std::min(x_skip, bytes.size());
    x_skip -= skipped;
    bytes.remove_prefix(skipped);

    // Moving the rest to the front only when it is no longer than what it replaces keeps the work
    // proportional to the bytes fed, however they are cut.
    if (x_consumed >= x_buffer.size() - x_consumed) {
        x_buffer.erase(0, x_consumed);
        x_consumed = 0;
    }
    x_buffer.append(bytes);
}

result<std::optional<std::string_view>> FrameSplitter::next() noexcept {
    if (x_state == State::failed) {
        return x_error;
    }
    const std::string_view bytes = unread();
    if (bytes.size() < length_size) {
        return std::optional<std::string_view>();
    }
    const std::int32_t announced = Reader(bytes).int32();
    if (announced <= 0) {
        return fail(announced < 0 ? DecodeError::negative_frame : DecodeError::empty_frame);
    }
    const auto length = static_cast<std::size_t>(announced);
    const std::string_view body = bytes.substr(length_size);
    if (length > x_limits.frame) {
        return refuse(length, body.size());
    }
    if (body.size() < length) {
        return std::optional<std::string_view>();
    }
    x_consumed += length_size + length;
    return std::optional<std::string_view>(body.substr(0, length));
}

DecodeError FrameSplitter::fail(DecodeError error) noexcept {
    x_state = State::failed;
    x_error = error;
    return error;
}

result<std::optional<std::string_view>> FrameSplitter::refuse(std::size_t length,
                                                              std::size_t at_hand) noexcept {
    if (length > x_limits.drain) {
        return fail(DecodeError::undrainable_frame);
    }
    if (at_hand < std::min(length, head_size)) {
        return std::optional<std::string_view>();  // the caller could not tell whose frame it is
    }
    x_state = State::oversized;
    x_length = length;
    return DecodeError::frame_too_large;
}

std::string_view FrameSplitter::oversized_head() const noexcept {
    if (x_state != State::oversized) {
        return {};
    }
    return unread().substr(length_size, x_length);
}

std::size_t FrameSplitter::oversized_length() const noexcept {
    return x_state == State::oversized ? x_length : 0;
}

void FrameSplitter::drain() noexcept {
    if (x_state != State::oversized) {
        return;
    }
    const std::size_t whole = length_size + x_length;
    const std::size_t at_hand = std::min(whole, buffered());
    x_consumed += at_hand;
    x_skip = whole - at_hand;
    x_state = State::streaming;
}

}  // namespace leasehold::wire
