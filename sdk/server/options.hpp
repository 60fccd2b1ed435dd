// What an ensemble is like.
#pragma once

#include <leasehold/clock.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace leasehold::server {

/// The ZooKeeper release that is imitated: which operations it has and how they answer.
struct Release {
    int major = 3;
    int minor = 8;
    int patch = 0;

    friend auto operator<=>(const Release&, const Release&) = default;
};

struct EnsembleOptions {
    std::size_t servers = 1;
    Release release{};
    Duration tick = std::chrono::seconds{2};
    /// Ticks after which a follower gives up a silent leader, and a leader a silent quorum.
    int sync_limit = 5;
    Duration min_session_timeout{};  ///< 0: two ticks
    Duration max_session_timeout{};  ///< 0: twenty ticks
    /// Sessions are expired at the first legal instant, not at the end of the tick it falls into.
    bool expires_at_once = false;
    bool has_ttl_nodes = false;  ///< zookeeper.extendedTypesEnabled
    Duration container_check_interval = std::chrono::seconds{60};
    bool answers_four_letter_words = true;
    bool answers_close_session = true;  ///< 3.4.8 with Netty does not: only the end of the stream
    bool is_read_only = false;          ///< as if a read-only server without quorum
    std::size_t max_frame = 1048575;    ///< jute.maxbuffer
    std::int64_t first_epoch = 1;
    /// Milliseconds since 1970 at Instant 0; goes into ctime and mtime only.
    std::int64_t wall_clock_base_ms = 0;
    /// How long a message takes from one server to another. Default: no time.
    std::function<Duration(std::size_t from, std::size_t to)> delay;
};

}  // namespace leasehold::server
