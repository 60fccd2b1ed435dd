// Random but repeatable conversations of a few clients with a ZooKeeper server: every kind of
// request, sensible and not.
#pragma once

#include "sdk/core/random.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace leasehold::differential {

/// One request. Transaction numbers in it are relative to the script's begin.
struct Request {
    wire::Opcode op;
    std::string text;  ///< for a person
    std::function<std::string(std::int64_t base_zxid)> body;
    bool ends_connection = false;  ///< the server closes it behind its reply
};

enum class Act : std::uint8_t {
    send,     ///< the requests, written at once
    leave,    ///< the connection is closed without a word, and the session re-attached
    say_bye,  ///< the session is closed; the next send opens another one
    intrude,  ///< an attach to somebody's session with a wrong password
};

struct Step {
    std::size_t client;
    Act act = Act::send;
    std::vector<Request> requests{};
};

struct Script {
    std::uint64_t seed;
    std::string root;  ///< exists when the script begins; everything happens below it
    std::size_t clients;
    std::vector<Step> steps;
};

[[nodiscard]] Script make_script(std::uint64_t seed);

}  // namespace leasehold::differential
