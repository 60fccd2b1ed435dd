// What the embedded servers are started with.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace leasehold::embedded {

/// Bounds of one connection. A client that does not read what it asked for is not heard any more
/// above `pause_above`, and is closed above `close_above`.
///
/// A request of 1 KiB or less is worth one reply or several: what is given to the model in one go
/// (`piece`) asks for at most 53 nodes of 1 MiB, so that a client that does read is never closed.
struct Limits {
    std::size_t pause_above = std::size_t{1} << 20;
    std::size_t close_above = std::size_t{64} << 20;
    std::size_t piece = 1024;
    /// How long a connection that the model has closed may take to take its last bytes.
    Duration linger = std::chrono::seconds{1};
};

struct Settings {
    server::EnsembleOptions ensemble{};
    std::string address = "127.0.0.1";  ///< numeric
    std::uint16_t port = 0;             ///< of the first server, the others' follow; 0: any
    Limits limits{};
};

}  // namespace leasehold::embedded
