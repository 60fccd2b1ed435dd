// What the floor does, by subject.
#pragma once

#include "bench/contestants/bare_session.hpp"
#include "bench/contestants/commands.hpp"

#include <cstdint>

namespace leasehold::bench::floor {

/// "many PATH DEPTH COUNT": the frames of that many locks under way at once on one socket.
[[nodiscard]] Command many(BareSession& session);
/// "handoff PATH COUNT HOLD_US": what a hand-off is made of, from one session to another.
[[nodiscard]] Command handoff(std::uint16_t port);
/// "relay PATH SESSIONS COUNT": a lock that goes round between sessions.
[[nodiscard]] Command relay(std::uint16_t port);
/// "try PATH COUNT": a getChildren, which is all that a try on a busy lock needs.
[[nodiscard]] Command look(BareSession& session);

}  // namespace leasehold::bench::floor
