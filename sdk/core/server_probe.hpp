// Learns a server's version by its four-letter word `srvr`, on a connection of its own: what a
// server understands must never be found out by trial on the session that holds locks.
#pragma once

#include "sdk/core/settings.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold::core {

/// Reads the answer as it comes, in pieces of any size.
class ServerProbe {
public:
    /// What to write on the fresh connection: four bytes, no frame.
    static constexpr std::string_view request = "srvr";
    /// A real answer has about 200 bytes, its version in the first line.
    static constexpr std::size_t max_answer = 4096;

    /// Bytes after the end of the answer are ignored.
    void on_bytes(std::string_view bytes);
    /// The server closed the connection.
    void on_end();

    /// True once nothing that may still come can change version().
    [[nodiscard]] bool is_done() const { return x_is_done; }
    /// Empty until done, and for a server that would not say (not in its whitelist, not serving,
    /// no ZooKeeper at all).
    [[nodiscard]] std::optional<ServerVersion> version() const { return x_version; }

private:
    void read_lines();

    std::string x_answer;
    std::size_t x_line = 0;  ///< where the first line that is not read yet begins
    bool x_is_done = false;
    std::optional<ServerVersion> x_version;
};

}  // namespace leasehold::core
