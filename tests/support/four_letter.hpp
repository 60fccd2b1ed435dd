// Asks a server what it holds by its four-letter words: the observer that no client can fool.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::support {

/// The whole answer; empty if the server did not give one in time.
[[nodiscard]] std::string four_letter(std::uint16_t port, std::string_view word,
                                      std::chrono::milliseconds limit = std::chrono::milliseconds{
                                          1'000});

/// What `mntr` counts.
struct ServerCounts {
    std::int64_t sessions = -1;
    std::int64_t ephemerals = -1;
    std::int64_t watches = -1;  ///< data and child watches
    std::int64_t znodes = -1;
    std::int64_t connections = -1;  ///< the one that asks is among them

    friend bool operator==(const ServerCounts&, const ServerCounts&) = default;
};

/// Empty if the server does not serve.
[[nodiscard]] std::optional<ServerCounts> server_counts(std::uint16_t port);

/// "standalone", "leader", "follower"; empty while the server does not serve.
[[nodiscard]] std::string mode_of(std::uint16_t port);

/// Ids of the sessions that `dump` lists, in hex with 0x: on the leader, those of the ensemble.
[[nodiscard]] std::vector<std::string> sessions_of(std::uint16_t port);

/// Paths with a data watch (`wchp`), each with the number of connections that hold one.
[[nodiscard]] std::map<std::string, int> data_watches(std::uint16_t port);

/// Connections with a session that are attached to this very server (`cons`).
[[nodiscard]] int attached_sessions(std::uint16_t port);

}  // namespace leasehold::support
