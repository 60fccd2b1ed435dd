// What a session does with the bytes of a server that errs or lies: nothing that such bytes say
// moves a lease, and whatever cannot be trusted costs the connection.
#include "sdk/wire/session.hpp"
#include "tests/unit/core/session_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::ServerError;

class SessionStream : public ::testing::Test {
protected:
    SessionStream() {
        bench.attach();
        bench.sent();
    }
    /// The connection is gone, and for the requests it is as if nothing had been answered.
    void expect_dropped() {
        EXPECT_TRUE(bench.was_dropped());
        for (const std::string& answer : bench.answers) {
            EXPECT_EQ(answer, make_error_code(errc::connection_lost).message());
        }
    }

    SessionBench bench;
};

TEST_F(SessionStream, ReplyToNothingThatWasAskedCostsTheConnection) {
    bench.answer(bench.ask() + 1, 9);
    expect_dropped();
    EXPECT_EQ(bench.session.trouble_code(), errc::protocol_error);
}

TEST_F(SessionStream, ReplyOutOfOrderCostsTheConnection) {
    bench.ask();
    bench.answer(bench.ask(), 9);
    expect_dropped();
}

TEST_F(SessionStream, RefusalsOfTheServersFrontDoorMayOvertake) {
    const std::int32_t first = bench.ask();
    bench.answer(bench.ask(), 9, ServerError::no_auth);
    EXPECT_TRUE(bench.session.is_attached());
    bench.answer(first, 9);
    EXPECT_THAT(bench.answers, ElementsAre("-102", "0"));
}

TEST_F(SessionStream, SameReplyTwiceCostsTheConnection) {
    const std::int32_t xid = bench.ask();
    bench.answer(xid, 9);
    bench.answer(xid, 9);
    EXPECT_TRUE(bench.was_dropped());
}

TEST_F(SessionStream, PingReplyWithoutAPingCostsTheConnection) {
    bench.answer(wire::ping_xid, 9);
    EXPECT_TRUE(bench.session.is_attached());
    bench.answer(wire::ping_xid, 9);
    EXPECT_TRUE(bench.was_dropped());
}

TEST_F(SessionStream, AuthReplyWithoutCredentialsCostsTheConnection) {
    bench.answer(wire::auth_xid, 0);
    EXPECT_TRUE(bench.was_dropped());
}

TEST_F(SessionStream, ZxidThatGoesBackCostsTheConnection) {
    bench.answer(bench.ask(), 9);
    EXPECT_EQ(bench.session.last_zxid(), 9);
    bench.answers.clear();
    bench.answer(bench.ask(), 8);
    expect_dropped();
}

TEST_F(SessionStream, TokenThatIsNotAboveEverythingSeenCostsTheConnection) {
    bench.answer(bench.ask(), 9);
    bench.answers.clear();
    const std::int32_t xid = bench.ask(wire::CreateRequest{.path = "/a"});
    bench.feed(wire::encode_reply(wire::ReplyHeader{xid, 9}, wire::CreateReply{"/a"}));
    expect_dropped();
}

TEST_F(SessionStream, CreateThatSucceedsWithoutAZxidCostsTheConnection) {
    const std::int32_t xid = bench.ask(wire::CreateRequest{.path = "/a"});
    bench.feed(wire::encode_reply(wire::ReplyHeader{xid, -1}, wire::CreateReply{"/a"}));
    expect_dropped();
}

TEST_F(SessionStream, ErrorWithABodyCostsTheConnection) {
    const std::int32_t xid = bench.ask();
    bench.feed(
        wire::encode_reply(wire::ReplyHeader{xid, 9, ServerError::no_node}, wire::ExistsReply{}));
    expect_dropped();
}

TEST_F(SessionStream, BadFramesCostTheConnection) {
    const std::string bad[] = {
        std::string("\xff\xff\xff\xff", 4),                                 // negative
        std::string("\x00\x00\x00\x00", 4),                                 // empty
        std::string("\x7f\xff\xff\xff", 4),                                 // over every limit
        std::string("\x00\x00\x00\x03zzz", 7),                              // shorter than a header
        std::string("HTTP/1.1 400 Bad Request\r\n"),                        // another protocol
        wire::encode_reply(wire::ReplyHeader{wire::notification_xid, -1}),  // no event inside
    };
    for (const std::string& bytes : bad) {
        SessionBench fresh;
        fresh.attach();
        fresh.sent();
        fresh.ask();
        const Instant deadline = fresh.session.evidence().safe_deadline();
        fresh.feed(bytes);
        EXPECT_TRUE(fresh.was_dropped());
        EXPECT_THAT(fresh.answers, ElementsAre(make_error_code(errc::connection_lost).message()));
        EXPECT_EQ(fresh.session.evidence().safe_deadline(), deadline);
    }
}

TEST_F(SessionStream, TruncatedFrameIsNoReplyYet) {
    const std::string reply = wire::encode_reply(wire::ReplyHeader{bench.ask(), 9});
    bench.feed(std::string_view(reply).substr(0, reply.size() - 1));
    EXPECT_THAT(bench.answers, IsEmpty());
    EXPECT_TRUE(bench.session.is_attached());
    bench.feed(std::string_view(reply).substr(reply.size() - 1));
    EXPECT_THAT(bench.answers, ElementsAre("0"));
}

TEST_F(SessionStream, LastZxidComesFromOrdinaryRepliesOnly) {
    bench.answer(bench.ask(), 9);
    bench.feed(wire::encode_reply(wire::ReplyHeader{wire::notification_xid, 1000},
                                  wire::WatcherEvent{wire::WatchEventType::deleted, 3, "/a"}));
    bench.answer(wire::ping_xid, 2000);
    bench.answer(bench.ask(), -1, ServerError::unimplemented);
    EXPECT_EQ(bench.session.last_zxid(), 9);
    EXPECT_THAT(bench.heard, ElementsAre("attached", "event /a"));
}

TEST_F(SessionStream, WhatDoesNotGoThroughThePipelineIsNoEvidence) {
    bench.answer(wire::ping_xid, 1);
    const auto newest = bench.session.evidence().newest();
    bench.session.add_auth({"digest", Secret("a:1")});
    bench.pass(300ms);
    bench.answer(wire::auth_xid, 0);
    bench.answer(bench.ask(), -1, ServerError::unimplemented);
    bench.feed(wire::encode_reply(wire::ReplyHeader{wire::notification_xid, -1},
                                  wire::WatcherEvent{wire::WatchEventType::deleted, 3, "/a"}));
    EXPECT_EQ(bench.session.evidence().newest(), newest);
    bench.answer(bench.ask(), 9);
    EXPECT_EQ(bench.session.evidence().newest(), bench.now);
}

TEST_F(SessionStream, SessionLevelErrorsCostTheConnectionNotTheSession) {
    for (const ServerError err : {ServerError::session_expired, ServerError::session_moved,
                                  ServerError::session_closed_require_auth}) {
        SessionBench fresh;
        fresh.attach();
        fresh.sent();
        const auto newest = fresh.session.evidence().newest();
        fresh.pass(100ms);
        fresh.answer(fresh.ask(), 9, err);
        EXPECT_TRUE(fresh.was_dropped());
        EXPECT_EQ(fresh.session.id(), 77);
        EXPECT_EQ(fresh.session.evidence().newest(), newest);
        EXPECT_EQ(fresh.dial().session_id, 77);
    }
}

TEST_F(SessionStream, UnknownErrorFailsItsRequestOnly) {
    bench.answer(bench.ask(), 9, static_cast<ServerError>(-999));
    EXPECT_THAT(bench.answers, ElementsAre("-999"));
    EXPECT_TRUE(bench.session.is_attached());
}

// ---- a list that is too long --------------------------------------------------------------------

Settings small_frames() {
    Settings settings = support::test_settings();
    settings.max_frame_bytes = 1000;
    return settings;
}

TEST(SessionList, TooLongAListFailsItsCallAndTheConnectionStays) {
    SessionBench bench(small_frames());
    bench.attach();
    bench.sent();
    const std::int32_t list = bench.ask(wire::GetChildrenRequest{.path = "/q"});
    const std::int32_t next = bench.ask();
    wire::GetChildrenReply reply;
    for (int i = 0; i < 200; ++i) {
        reply.children.push_back("contender-" + std::to_string(i));
    }
    const std::string bytes = wire::encode_reply(wire::ReplyHeader{list, 9}, reply) +
                              wire::encode_reply(wire::ReplyHeader{next, 9, ServerError::no_node});
    for (const char byte : bytes) {
        bench.feed({&byte, 1});
    }
    EXPECT_TRUE(bench.session.is_attached());
    EXPECT_THAT(bench.answers,
                ElementsAre(make_error_code(errc::queue_too_long).message(), "-101"));
}

TEST(SessionList, AnythingElseThatIsTooLongCostsTheConnection) {
    for (const bool is_list_second : {true, false}) {
        SessionBench bench(small_frames());
        bench.attach();
        bench.sent();
        const std::int32_t first = bench.ask();
        if (is_list_second) {
            bench.ask(wire::GetChildrenRequest{.path = "/q"});
        }
        bench.feed(wire::encode_reply(wire::ReplyHeader{is_list_second ? first + 1 : first, 9},
                                      wire::GetDataReply{std::string(2000, 'x'), {}}));
        EXPECT_TRUE(bench.was_dropped());
    }
}

TEST(SessionList, LengthThatNobodyWouldDrainCostsTheConnection) {
    SessionBench bench(small_frames());
    bench.attach();
    bench.sent();
    bench.ask(wire::GetChildrenRequest{.path = "/q"});
    bench.feed(std::string("\x7f\xff\xff\xff", 4));
    EXPECT_TRUE(bench.was_dropped());
}

// ---- pieces -------------------------------------------------------------------------------------

TEST(SessionPieces, FramesSplitAtEveryByteGiveTheSameResultAsWhole) {
    std::string bytes = wire::encode_frame(wire::ConnectResponse{
        .timeout_ms = 20'000, .session_id = 77, .password = std::string(16, 'p')});
    const std::size_t greeting = bytes.size();
    bytes += wire::encode_reply(wire::ReplyHeader{wire::ping_xid, 3});
    bytes += wire::encode_reply(wire::ReplyHeader{wire::notification_xid, -1},
                                wire::WatcherEvent{wire::WatchEventType::deleted, 3, "/w"});
    bytes += wire::encode_reply(wire::ReplyHeader{1, 9}, wire::ExistsReply{});
    bytes += wire::encode_reply(wire::ReplyHeader{2, 10, ServerError::no_node});
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        SCOPED_TRACE(cut);
        SessionBench bench;
        bench.dial();
        bool has_asked = false;
        const auto feed = [&](std::size_t from, std::size_t to) {
            // The requests have to be written before they are answered.
            for (const auto& [begin, end] :
                 {std::pair{from, std::max(from, std::min(to, greeting))},
                  std::pair{std::max(from, greeting), to}}) {
                if (begin < end) {
                    bench.feed(std::string_view(bytes).substr(begin, end - begin));
                }
                if (bench.session.is_attached() && !std::exchange(has_asked, true)) {
                    bench.ask();
                    bench.ask();
                }
            }
        };
        feed(0, cut);
        feed(cut, bytes.size());
        EXPECT_TRUE(bench.session.is_attached());
        EXPECT_THAT(bench.heard, ElementsAre("attached", "event /w"));
        EXPECT_THAT(bench.answers, ElementsAre("0", "-101"));
        EXPECT_EQ(bench.session.last_zxid(), 10);
    }
}

}  // namespace
}  // namespace leasehold::core
