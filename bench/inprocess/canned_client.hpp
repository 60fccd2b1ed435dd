// The engine with a server that is no more than its answers: no socket, no thread, and a clock that
// goes on by itself.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/engine.hpp"
#include "sdk/wire/frame.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::bench {

class CannedClient {
public:
    /// Connected, with `strangers` other children at the one path of which it knows.
    explicit CannedClient(int strangers = 0);

    /// Asks for the lock; it is granted by the answers, if they are given.
    core::OperationId acquire(const LockOptions& options);
    void release(core::OperationId lease);
    /// Lets the server answer, until it has nothing more to say.
    void answer();

    /// How many have been granted; and have had their node deleted.
    [[nodiscard]] std::uint64_t granted() const { return x_granted; }
    [[nodiscard]] std::uint64_t gone() const { return x_gone; }
    /// What the engine took since the last call; the answers are not part of it.
    [[nodiscard]] double take_seconds();

private:
    using Clock = std::chrono::steady_clock;

    template <class Input>
    void turn(Input input);
    void look_at(const core::Effect& effect);
    void reply_to(std::string_view frame);
    [[nodiscard]] std::string take_replies();

    core::Engine x_engine;
    Instant x_now{std::chrono::seconds{1000}};
    std::vector<core::Effect> x_effects;
    Clock::duration x_spent{};
    core::OperationId x_next_id = 1;
    std::uint64_t x_granted = 0;
    std::uint64_t x_gone = 0;
    bool x_has_to_connect = false;

    wire::FrameSplitter x_requests;
    std::string x_replies;
    bool x_is_greeted = false;
    std::int64_t x_zxid = 0x1'0000'0000;
    int x_sequence = 0;
    std::vector<std::string> x_children;
};

}  // namespace leasehold::bench
