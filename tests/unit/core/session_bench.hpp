// One session by itself, fed with hand-made bytes.
#pragma once

#include "sdk/core/session.hpp"
#include "sdk/wire/node.hpp"
#include "tests/support/engine_driver.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::core {

class SessionBench : public SessionListener {
public:
    struct Frame {
        std::int32_t xid;
        wire::Opcode op;
    };

    explicit SessionBench(Settings given = support::test_settings()) : settings(std::move(given)) {}

    void on_attached(Instant, bool is_new) override {
        heard.emplace_back(is_new ? "attached" : "re-attached");
    }
    void on_detached(Instant) override { heard.emplace_back("detached"); }
    void on_expired(Instant) override { heard.emplace_back("expired"); }
    void on_abandoned(Instant, const Error&) override { heard.emplace_back("abandoned"); }
    void on_watch_event(Instant, const wire::WatcherEvent& event) override {
        heard.push_back("event " + event.path);
    }
    void on_evidence(Instant) override {}
    bool awaits_evidence() const override { return false; }
    void on_auth_failed(Instant, const Error& why) override {
        heard.emplace_back(why == errc::auth_failed ? "SASL failed" : "auth failed");
    }

    /// Up to the written connect request, which is returned.
    wire::ConnectRequest dial() {
        if (count<Resolve>() == 0) {
            session.start(now);
        }
        for (int i = 0; i < 100 && count<Connect>() == connects; ++i) {
            if (count<Resolve>() > resolves) {
                ++resolves;
                session.on_resolved(now, {{"10.0.0.1", 2181}});
            } else {
                now = std::max(now, session.next_wakeup());
                session.on_time(now);
            }
        }
        ++connects;
        session.on_connected(now);
        return decode_connect();
    }
    wire::ConnectRequest decode_connect() {
        const std::string bytes = std::exchange(session.outbound(), {});
        return wire::decode<wire::ConnectRequest>(std::string_view(bytes).substr(4)).value();
    }
    void greet(std::int64_t id = 77, std::string password = std::string(16, 'p'),
               std::int32_t timeout_ms = 20'000) {
        feed(wire::encode_frame(wire::ConnectResponse{
            .timeout_ms = timeout_ms, .session_id = id, .password = std::move(password)}));
    }
    void attach() {
        dial();
        greet();
    }
    void feed(std::string_view bytes) { session.on_bytes(now, bytes); }
    void answer(std::int32_t xid, std::int64_t zxid,
                wire::ServerError err = wire::ServerError::ok) {
        feed(wire::encode_reply(wire::ReplyHeader{xid, zxid, err}));
    }
    /// Sends one request, and notes how it ends.
    template <class Body>
    std::int32_t ask(const Body& body) {
        session.send(now, body, [this](Instant, const Response& response) {
            answers.push_back(response.failure ? response.failure.message()
                                               : std::to_string(static_cast<int>(response.err)));
        });
        return sent().back().xid;
    }
    std::int32_t ask() { return ask(wire::ExistsRequest{.path = "/a"}); }

    /// What was written since the last call.
    std::vector<Frame> sent() {
        const std::string bytes = std::exchange(session.outbound(), {});
        wire::FrameSplitter splitter;
        splitter.feed(bytes);
        std::vector<Frame> frames;
        for (auto frame = splitter.next(); frame.value(); frame = splitter.next()) {
            const auto request = wire::split_request(*frame.value()).value();
            frames.push_back({request.header.xid, request.header.op});
        }
        return frames;
    }
    void pass(Duration time) {
        now += time;
        session.on_time(now);
    }
    template <class Kind>
    [[nodiscard]] std::size_t count() const {
        std::size_t found = 0;
        for (const Effect& effect : effects) {
            found += std::holds_alternative<Kind>(effect) ? 1 : 0;
        }
        return found;
    }
    [[nodiscard]] bool was_dropped() const {
        return !session.is_attached() && count<Disconnect>() > 0;
    }

    Settings settings;
    Random random{7};
    std::vector<Effect> effects;
    std::vector<std::string> heard;
    std::vector<std::string> answers;
    Instant now{std::chrono::seconds{1000}};
    std::size_t resolves = 0;
    std::size_t connects = 0;
    Session session{settings, random, *this, effects};
};

inline std::vector<wire::Opcode> ops(const std::vector<SessionBench::Frame>& frames) {
    std::vector<wire::Opcode> all;
    for (const auto& frame : frames) {
        all.push_back(frame.op);
    }
    return all;
}

/// The server is asked for its version before the first attach.
inline Settings unknown_version() {
    return support::test_settings({.session_timeout = std::chrono::seconds{20},
                                   .tick = std::chrono::seconds{1},
                                   .standalone = true});
}

/// Up to the question that comes before the first attach.
inline void ask_for_version(SessionBench& bench) {
    bench.session.start(bench.now);
    bench.session.on_resolved(bench.now, {{"10.0.0.1", 2181}});
    bench.session.on_connected(bench.now);
    bench.session.outbound().clear();
}

}  // namespace leasehold::core
