// The same bytes, whole and in arbitrary pieces, are the same frames; and no more is kept of them
// than one frame.
#include "sdk/wire/archive.hpp"
#include "sdk/wire/frame.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace leasehold::fuzz {
namespace {

/// What one frame, one refusal or the end of the stream looks like.
using Seen = std::vector<std::string>;

void note_refusal(Seen& seen, const wire::FrameSplitter& splitter, wire::DecodeError error) {
    seen.push_back("error " + std::to_string(static_cast<int>(error)));
    if (error == wire::DecodeError::frame_too_large) {
        const std::size_t length = splitter.oversized_length();
        const std::string_view head = splitter.oversized_head();
        require(head.size() >= std::min(length, wire::FrameSplitter::head_size),
                "the head of an oversized frame tells whose it is");
        seen.push_back(std::to_string(length));
        seen.emplace_back(head.substr(0, wire::FrameSplitter::head_size));
    }
}

/// False if nothing more can come of this stream.
bool read_all(wire::FrameSplitter& splitter, const wire::FrameLimits& limits, Seen& seen) {
    for (;;) {
        const auto frame = splitter.next();
        if (frame && !frame.value()) {
            return true;
        }
        if (frame) {
            require(!frame.value()->empty() && frame.value()->size() <= limits.frame,
                    "a frame is within its limits");
            seen.push_back("frame " + std::string(*frame.value()));
            continue;
        }
        note_refusal(seen, splitter, frame.error());
        if (frame.error() != wire::DecodeError::frame_too_large) {
            require(!splitter.next(), "an error stays");
            return false;
        }
        splitter.drain();
    }
}

/// By hand, from the whole stream.
Seen expected(std::string_view stream, const wire::FrameLimits& limits) {
    Seen seen;
    while (stream.size() >= 4) {
        const std::int32_t announced = wire::Reader(stream).int32();
        stream.remove_prefix(4);
        const auto length = static_cast<std::size_t>(static_cast<std::uint32_t>(announced));
        if (announced <= 0 || length > limits.drain) {
            const auto error = announced < 0    ? wire::DecodeError::negative_frame
                               : announced == 0 ? wire::DecodeError::empty_frame
                                                : wire::DecodeError::undrainable_frame;
            seen.push_back("error " + std::to_string(static_cast<int>(error)));
            break;
        }
        if (length > limits.frame) {
            if (stream.size() < std::min(length, wire::FrameSplitter::head_size)) {
                break;
            }
            seen.push_back("error " +
                           std::to_string(static_cast<int>(wire::DecodeError::frame_too_large)));
            seen.push_back(std::to_string(length));
            seen.emplace_back(stream.substr(0, std::min(length, wire::FrameSplitter::head_size)));
        } else if (stream.size() < length) {
            break;
        } else {
            seen.push_back("frame " + std::string(stream.substr(0, length)));
        }
        stream.remove_prefix(std::min(length, stream.size()));
    }
    return seen;
}

void run(std::string_view input) {
    Script script(input);
    wire::FrameLimits limits{.frame = 1 + script.below(128)};
    limits.drain = limits.frame + script.bits(2) % 4096;
    const std::size_t chunk = 1 + script.below(64);
    const std::size_t stride = script.below(7);
    const std::string_view stream = script.rest();

    const Seen wanted = expected(stream, limits);
    wire::FrameSplitter whole(limits);
    whole.feed(stream);
    Seen seen;
    static_cast<void>(read_all(whole, limits, seen));
    require(seen == wanted, "a stream is its frames");

    wire::FrameSplitter split(limits);
    seen.clear();
    std::size_t size = chunk;
    for (std::size_t at = 0; at < stream.size(); at += size, size = 1 + (size + stride) % 64) {
        split.feed(stream.substr(at, size));
        if (!read_all(split, limits, seen)) {
            break;
        }
        require(split.buffered() < 4 + limits.frame + wire::FrameSplitter::head_size,
                "what is kept is less than a frame");
    }
    require(seen == wanted, "the pieces that a stream comes in do not matter");
}

LEASEHOLD_FUZZ_TARGET(frame_splitter, run)

}  // namespace
}  // namespace leasehold::fuzz
