// A ZooKeeper ensemble of one or more servers as a state machine: bytes and times in, bytes and
// wake-up times out. It keeps nothing on any disk and reads no clock; the same calls give the same
// bytes. The simulator drives it under a virtual clock, the embedded server under the real one.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/options.hpp"
#include "sdk/server/transaction.hpp"
#include "sdk/server/tree.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::server {

/// A client's connection to one server. Never used twice.
using ConnectionId = std::uint64_t;

/// Which server of the ensemble: 0 to size() - 1.
using ServerId = std::size_t;

/// What becomes of one request of a client.
enum class Fate : std::uint8_t {
    serve,
    close_before,    ///< not executed, and the connection is closed
    close_unheard,   ///< executed; the connection is closed in place of the reply
    close_after,     ///< executed and answered, then the connection is closed
    freeze_before,   ///< not executed, and nothing more comes on this connection
    freeze_unheard,  ///< executed; nothing more comes on this connection, not even the reply
};

/// A request as a server takes it out of the stream, before anything is done with it.
struct Arrival {
    Instant at;
    ServerId server;
    ConnectionId connection;
    std::int64_t session;  ///< 0 for the connect request of a new one
    std::int32_t xid;
    wire::Opcode op;        ///< create_session stands for the connect request
    std::string_view body;  ///< after the header; valid during the call
};

enum class Role : std::uint8_t { looking, following, leading, down };

class Ensemble {
public:
    explicit Ensemble(EnsembleOptions options = {});
    ~Ensemble();
    Ensemble(Ensemble&&) noexcept;
    Ensemble& operator=(Ensemble&&) noexcept;

    // ---- the network's side ----

    /// A client has connected. Nothing if that server takes no connections (it is down).
    [[nodiscard]] std::optional<ConnectionId> accept(Instant now, ServerId server,
                                                     std::string address = "127.0.0.1");
    /// Bytes that arrived on that connection, in any pieces. Of a connection that is closed or
    /// unknown they are dropped.
    void receive(Instant now, ConnectionId id, std::string_view bytes);
    /// The client's end of the connection is closed.
    void hang_up(Instant now, ConnectionId id);

    struct Output {
        std::string bytes;
        bool is_closed = false;  ///< behind the bytes; the connection is unknown from then on
    };
    /// The connections that have output since the last call, in the order in which they got it.
    [[nodiscard]] std::vector<ConnectionId> take_ready();
    [[nodiscard]] Output take_output(ConnectionId id);

    /// Does what is due: messages between servers, pings, expiry, elections, the container sweep.
    void on_time(Instant now);
    /// When on_time has something to do; Instant::max() for never. Several servers begin with the
    /// first call that tells the time; until then this is Instant{}.
    [[nodiscard]] Instant next_wakeup() const;

    // ---- faults ----

    /// Asked for each request; what it returns is done.
    void set_fate(std::function<Fate(const Arrival&)> choose);
    /// Expires a session as if its time had come: by a transaction of the leader. False if there
    /// is no such session, or no leader.
    bool expire(Instant now, std::int64_t session);
    /// Makes the next sequential child of this node get that number, on every server: 2^31 creates
    /// take too long. False if there is no such node.
    bool set_counter(std::string_view path, std::int32_t creates);
    /// Stops a server as SIGKILL does: its connections are gone, its log is kept.
    void kill(Instant now, ServerId server);
    void restart(Instant now, ServerId server);
    /// Stops a server as SIGSTOP does: what comes to it waits, and it does all of it on resume.
    void pause(Instant now, ServerId server);
    void resume(Instant now, ServerId server);
    /// Whether messages pass between two servers, in both directions; those under way are lost
    /// while they do not. What was lost breaks the link, as a broken TCP connection would.
    void set_linked(Instant now, ServerId one, ServerId other, bool is_linked);
    /// Cuts a server from all others, or joins it again. Clients still reach it.
    void set_partitioned(Instant now, ServerId server, bool is_partitioned);

    // ---- the observer's side ----

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] Role role(ServerId server) const;
    /// The leader that a quorum follows; nothing while there is none.
    [[nodiscard]] std::optional<ServerId> leader() const;
    /// The tree of the server that has applied most: what is committed.
    [[nodiscard]] const Tree& committed() const;
    [[nodiscard]] const Tree& tree(ServerId server) const;
    [[nodiscard]] std::int64_t last_zxid() const;
    /// Sessions that exist as of the last committed transaction.
    [[nodiscard]] std::vector<std::int64_t> sessions() const;
    /// The earliest instant at which the leader that a quorum follows may expire this session if it
    /// hears no more of it; nothing without such a leader or session.
    [[nodiscard]] std::optional<Instant> expiry_of(std::int64_t session) const;
    /// The session that was attached through this connection, 0 for none. Closed connections are
    /// remembered for the next 65 000.
    [[nodiscard]] std::int64_t session_of(ConnectionId id) const;
    [[nodiscard]] ServerId server_of(ConnectionId id) const;
    /// One-shot and persistent entries of all connections of a server, by its two tables' sizes.
    [[nodiscard]] std::size_t watches(ServerId server) const;
    /// The connections a server knows of.
    [[nodiscard]] std::vector<ConnectionId> connections(ServerId server) const;
    /// Called with each transaction when it is committed, once for the ensemble, in zxid order, and
    /// before any server applies it. Refused writes are transactions as well.
    void set_on_commit(std::function<void(Instant, const Transaction&)> heard);

private:
    struct Impl;
    std::unique_ptr<Impl> x_impl;
};

}  // namespace leasehold::server
