// What a server sent, as text that two servers can be compared by: transaction numbers relative to
// the begin, sessions by who opened them, wall-clock times left out, lists without an order sorted.
#pragma once

#include "sdk/wire/connect.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace leasehold::differential {

class Transcript {
public:
    explicit Transcript(std::int64_t base_zxid) : x_base(base_zxid) {}

    void name_session(std::int64_t id, std::string name) { x_sessions[id] = std::move(name); }

    [[nodiscard]] std::string connect(const wire::ConnectResponse& response) const;
    /// A frame that answers a request with this operation.
    [[nodiscard]] std::string reply(wire::Opcode op, std::string_view frame) const;
    [[nodiscard]] std::string event(std::string_view frame) const;
    [[nodiscard]] std::string zxid(std::int64_t absolute) const;
    [[nodiscard]] std::string session(std::int64_t id) const;

private:
    std::int64_t x_base;
    std::map<std::int64_t, std::string> x_sessions;
};

}  // namespace leasehold::differential
