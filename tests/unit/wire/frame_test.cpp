#include "sdk/wire/frame.hpp"

#include "tests/unit/wire/allocation_probe.hpp"
#include "tests/unit/wire/samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace leasehold::wire {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::string framed(std::string_view body) {
    return encode_frame(Opaque{body});
}

std::string announced(std::int32_t length) {
    std::string bytes;
    Writer(bytes).int32(length);
    return bytes;
}

// All frames there are now; fails the test on an error.
std::vector<std::string> take_all(FrameSplitter& splitter) {
    std::vector<std::string> frames;
    for (;;) {
        const auto frame = splitter.next();
        if (!frame) {
            ADD_FAILURE() << describe(frame.error());
            return frames;
        }
        if (!frame.value()) {
            return frames;
        }
        frames.emplace_back(*frame.value());
    }
}

DecodeError error_of(FrameSplitter& splitter) {
    const auto frame = splitter.next();
    EXPECT_FALSE(frame) << "no error";
    return frame ? DecodeError{} : frame.error();
}

TEST(FrameSplitter, TwoFramesSplitAtEveryPoint) {
    const std::string stream = framed("first frame") + framed("2");
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        FrameSplitter splitter;
        splitter.feed(std::string_view(stream).substr(0, cut));
        std::vector<std::string> frames = take_all(splitter);
        splitter.feed(std::string_view(stream).substr(cut));
        std::ranges::move(take_all(splitter), std::back_inserter(frames));
        EXPECT_THAT(frames, ElementsAre("first frame", "2")) << "cut at " << cut;
        EXPECT_EQ(splitter.buffered(), 0U);
    }
}

TEST(FrameSplitter, OneByteAtATime) {
    std::string stream;
    std::vector<std::string> expected;
    for (std::size_t size = 1; size < 300; ++size) {
        expected.emplace_back(size, static_cast<char>(size));
        stream += framed(expected.back());
    }
    FrameSplitter splitter;
    std::vector<std::string> frames;
    for (const char byte : stream) {
        splitter.feed({&byte, 1});
        std::ranges::move(take_all(splitter), std::back_inserter(frames));
    }
    EXPECT_THAT(frames, ElementsAreArray(expected));
}

TEST(FrameSplitter, TenThousandFramesInOneFeed) {
    std::string stream;
    std::vector<std::string> expected;
    for (int i = 0; i < 10'000; ++i) {
        expected.push_back("frame " + std::to_string(i));
        stream += framed(expected.back());
    }
    FrameSplitter splitter;
    splitter.feed(stream);
    EXPECT_THAT(take_all(splitter), ElementsAreArray(expected));
}

TEST(FrameSplitter, FramesOfOneFeedStayValidTogether) {
    FrameSplitter splitter;
    splitter.feed(framed("one") + framed("two") + framed("three").substr(0, 5));
    const std::string_view one = *splitter.next().value();
    const std::string_view two = *splitter.next().value();
    EXPECT_EQ(splitter.next().value(), std::nullopt);
    EXPECT_EQ(one, "one");
    EXPECT_EQ(two, "two");
}

TEST(FrameSplitter, WorkIsProportional_WhenAMebibyteComesByteByByte) {
    const std::string body((std::size_t{1} << 20U) - 1, 'x');
    const std::string stream = framed(body);
    FrameSplitter splitter;
    const AllocationProbe probe;
    for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
        splitter.feed({&stream[i], 1});
        const auto frame = splitter.next();
        ASSERT_TRUE(frame && !frame.value());
    }
    EXPECT_LT(probe.total(), stream.size() * 6);  // doubling, not one copy for each byte
    splitter.feed({&stream.back(), 1});
    EXPECT_THAT(take_all(splitter), ElementsAre(body));
}

TEST(FrameSplitter, WorkIsProportional_WhenTheReaderLagsBehind) {
    constexpr std::size_t count = 10'000;
    std::string stream;
    for (std::size_t i = 0; i < count; ++i) {
        stream += framed("0123456789");
    }
    FrameSplitter splitter;
    splitter.feed(stream);
    std::size_t moves = 0;  // of all the bytes that still wait, to the front of the buffer
    const char* last = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
        splitter.feed("");
        const auto frame = splitter.next();
        ASSERT_TRUE(frame && frame.value() == "0123456789");
        const char* place = frame.value()->data();
        moves += last != nullptr && place <= last ? 1U : 0U;
        last = place;
    }
    EXPECT_LT(moves, 20U);  // each halves what is left
    EXPECT_EQ(splitter.buffered(), 0U);
}

TEST(FrameSplitter, MemoryIsNotTakenForWhatIsOnlyAnnounced) {
    const std::string bytes = announced(4 << 20) + "head";
    const AllocationProbe probe;
    FrameSplitter splitter;
    splitter.feed(bytes);
    const bool incomplete = splitter.next().value() == std::nullopt;
    EXPECT_LT(probe.largest(), 256U);
    EXPECT_TRUE(incomplete);
}

TEST(FrameSplitter, MemoryIsReused_WhileFramesComeAndGo) {
    const std::string stream = framed(std::string(100, 'x'));
    FrameSplitter splitter;
    const AllocationProbe probe;
    for (int i = 0; i < 10'000; ++i) {
        splitter.feed(stream);
        const auto frame = splitter.next();
        ASSERT_TRUE(frame && frame.value());
    }
    EXPECT_LT(probe.largest(), 1'000U);
}

TEST(FrameSplitter, LimitIsTheLargestFrameAllowed) {
    FrameSplitter splitter({.frame = 20, .drain = 100});
    splitter.feed(framed(std::string(20, 'x')));
    EXPECT_THAT(take_all(splitter), ElementsAre(std::string(20, 'x')));
    splitter.feed(framed(std::string(21, 'x')));
    EXPECT_EQ(error_of(splitter), DecodeError::frame_too_large);
}

TEST(FrameSplitter, NegativeLengthIsFatal) {
    for (const std::int32_t length : {-1, -2, std::numeric_limits<std::int32_t>::min()}) {
        FrameSplitter splitter;
        splitter.feed(announced(length));
        EXPECT_EQ(error_of(splitter), DecodeError::negative_frame) << length;
    }
}

TEST(FrameSplitter, ZeroLengthIsFatal) {
    FrameSplitter splitter;
    splitter.feed(announced(0));
    EXPECT_EQ(error_of(splitter), DecodeError::empty_frame);
}

TEST(FrameSplitter, FatalErrorComesAfterTheGoodFrames_AndStays) {
    FrameSplitter splitter;
    splitter.feed(framed("good") + announced(-1));
    EXPECT_EQ(*splitter.next().value(), "good");
    EXPECT_EQ(error_of(splitter), DecodeError::negative_frame);
    splitter.drain();
    const std::size_t before = splitter.buffered();
    splitter.feed(framed("late"));
    EXPECT_EQ(error_of(splitter), DecodeError::negative_frame);
    EXPECT_EQ(splitter.buffered(), before);
}

TEST(FrameSplitter, BeyondTheDrainLimitIsFatal_AsSoonAsItIsAnnounced) {
    FrameSplitter splitter({.frame = 20, .drain = 100});
    splitter.feed(announced(101));
    EXPECT_EQ(error_of(splitter), DecodeError::undrainable_frame);
    splitter.drain();
    EXPECT_EQ(error_of(splitter), DecodeError::undrainable_frame);

    FrameSplitter defaults;
    defaults.feed(announced(std::numeric_limits<std::int32_t>::max()));
    EXPECT_EQ(error_of(defaults), DecodeError::undrainable_frame);
}

TEST(FrameSplitter, DrainLimitIsTheLargestFrameThatCanBeDrained) {
    FrameSplitter splitter({.frame = 20, .drain = 100});
    splitter.feed(framed(std::string(100, 'x')) + framed("next"));
    EXPECT_EQ(error_of(splitter), DecodeError::frame_too_large);
    splitter.drain();
    EXPECT_THAT(take_all(splitter), ElementsAre("next"));
}

TEST(FrameSplitter, OversizedFrameShowsItsHeader_BeforeItIsRefused) {
    const ReplyHeader header{7, 9, ServerError::ok};
    const std::string frame = encode_reply(header, Opaque{std::string_view(framed("payload"))});
    FrameSplitter splitter({.frame = 20, .drain = 100});
    for (std::size_t i = 0; i + 1 < 4 + FrameSplitter::head_size; ++i) {
        splitter.feed({&frame[i], 1});
        const auto incomplete = splitter.next();
        ASSERT_TRUE(incomplete && !incomplete.value()) << i;
        EXPECT_EQ(splitter.oversized_head(), "");
    }
    splitter.feed({&frame[19], 1});
    EXPECT_EQ(error_of(splitter), DecodeError::frame_too_large);
    EXPECT_EQ(splitter.oversized_head(), frame.substr(4, 16));
    EXPECT_EQ(splitter.oversized_length(), frame.size() - 4);
    EXPECT_EQ(split_reply(splitter.oversized_head()).value().header, header);
}

TEST(FrameSplitter, OversizedFrameStaysAnError_UntilItIsDrained) {
    FrameSplitter splitter({.frame = 20, .drain = 100});
    splitter.feed(framed(std::string(50, 'x')) + framed("next"));
    EXPECT_EQ(error_of(splitter), DecodeError::frame_too_large);
    EXPECT_EQ(error_of(splitter), DecodeError::frame_too_large);
    EXPECT_EQ(splitter.oversized_head(), std::string(50, 'x'));
    splitter.drain();
    EXPECT_THAT(take_all(splitter), ElementsAre("next"));
    EXPECT_EQ(splitter.oversized_head(), "");
    EXPECT_EQ(splitter.oversized_length(), 0U);
}

TEST(FrameSplitter, DrainGoesOn_WhereverTheOversizedFrameIsCut) {
    const std::string stream = framed("before") + framed(std::string(50, 'x')) + framed("after");
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        FrameSplitter splitter({.frame = 20, .drain = 100});
        std::vector<std::string> frames;
        const auto feed = [&](std::string_view bytes) {
            splitter.feed(bytes);
            // Bounded, so that an error that drain() does not clear fails the test, not hangs it.
            for (int events = 0; events < 5; ++events) {
                const auto frame = splitter.next();
                if (!frame) {
                    frames.emplace_back(describe(frame.error()));
                    splitter.drain();
                } else if (frame.value()) {
                    frames.emplace_back(*frame.value());
                } else {
                    return;
                }
            }
        };
        feed(std::string_view(stream).substr(0, cut));
        feed(std::string_view(stream).substr(cut));
        EXPECT_THAT(frames, ElementsAre("before", describe(DecodeError::frame_too_large), "after"))
            << "cut at " << cut;
        EXPECT_FALSE(splitter.is_draining());
    }
}

TEST(FrameSplitter, DrainKeepsNothingOfWhatItSkips) {
    constexpr std::size_t length = std::size_t{10} << 20U;
    const std::string piece(65'536, 'x');
    FrameSplitter splitter;
    splitter.feed(announced(static_cast<std::int32_t>(length)) + piece);
    EXPECT_EQ(error_of(splitter), DecodeError::frame_too_large);
    splitter.drain();
    EXPECT_TRUE(splitter.is_draining());
    const AllocationProbe probe;
    for (std::size_t left = length - piece.size(); left != 0;) {
        const std::size_t size = std::min(left, piece.size());
        splitter.feed(std::string_view(piece).substr(0, size));
        left -= size;
        EXPECT_EQ(splitter.next().value(), std::nullopt);
        EXPECT_EQ(splitter.buffered(), 0U);
    }
    EXPECT_LT(probe.largest(), 256U);
    EXPECT_FALSE(splitter.is_draining());
    splitter.feed(framed("next"));
    EXPECT_THAT(take_all(splitter), ElementsAre("next"));
}

TEST(FrameSplitter, DrainWithoutAnOversizedFrameHasNoEffect) {
    FrameSplitter splitter;
    splitter.feed(framed("one"));
    splitter.drain();
    EXPECT_FALSE(splitter.is_draining());
    EXPECT_THAT(take_all(splitter), ElementsAre("one"));
    splitter.drain();
    EXPECT_THAT(take_all(splitter), IsEmpty());
}

}  // namespace
}  // namespace leasehold::wire
