// Cuts a byte stream into frames, whatever pieces the network delivers it in, without believing a
// length before the bytes have come.
#pragma once

#include "sdk/wire/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold::wire {

struct FrameLimits {
    std::size_t frame = std::size_t{4} << 20U;   // Java's own receive limit up to 3.5
    std::size_t drain = std::size_t{64} << 20U;  // what may be skipped to get to the next frame
};

// Servers do not bound their replies, so one huge directory listing may exceed the limit. Throwing
// away the connection would throw away the leases on it; instead the caller may look at the start
// of that frame, fail the one request it answers, and drain() the rest.
//
//     splitter.feed(bytes);
//     for (;;) {
//         const auto frame = splitter.next();
//         if (!frame) -> give up on the stream; or, on frame_too_large, look at oversized_head()
//                        and drain(), then go on
//         if (!*frame) -> all consumed, read more
//         use **frame
//     }
//
// Memory: the bytes fed and not yet consumed, never what a length merely announces.
class FrameSplitter {
public:
    static constexpr std::size_t head_size = 16;  // a ReplyHeader

    explicit FrameSplitter(FrameLimits limits = {}) noexcept : x_limits(limits) {}

    // Invalidates every view given out before.
    void feed(std::string_view bytes);

    // The next whole frame without its length, or nullopt if it has not come yet. An error stays;
    // only frame_too_large can be left again, by drain().
    [[nodiscard]] result<std::optional<std::string_view>> next() noexcept;

    // After frame_too_large: the first bytes of that frame (head_size or more), and its length.
    [[nodiscard]] std::string_view oversized_head() const noexcept;
    [[nodiscard]] std::size_t oversized_length() const noexcept;

    // After frame_too_large, else without effect: skips that frame, including what is still to
    // come of it.
    void drain() noexcept;

    [[nodiscard]] bool is_draining() const noexcept { return x_skip != 0; }
    [[nodiscard]] std::size_t buffered() const noexcept { return x_buffer.size() - x_consumed; }

private:
    enum class State : std::uint8_t { streaming, oversized, failed };

    [[nodiscard]] DecodeError fail(DecodeError error) noexcept;
    [[nodiscard]] result<std::optional<std::string_view>> refuse(std::size_t length,
                                                                 std::size_t at_hand) noexcept;
    [[nodiscard]] std::string_view unread() const noexcept;

    FrameLimits x_limits;
    std::string x_buffer;
    std::size_t x_consumed = 0;  // prefix of x_buffer that nobody needs any more
    std::size_t x_length = 0;    // of the oversized frame
    std::size_t x_skip = 0;      // bytes of a drained frame that have not come yet
    State x_state = State::streaming;
    DecodeError x_error{};
};

}  // namespace leasehold::wire
