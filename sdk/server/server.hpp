// One server as its clients see it: connecting, the order of requests and replies, watches.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/connections.hpp"
#include "sdk/server/ensemble.hpp"
#include "sdk/server/reads.hpp"
#include "sdk/server/store.hpp"
#include "sdk/server/upstream.hpp"
#include "sdk/wire/connect.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leasehold::server {

using ChooseFate = std::function<Fate(const Arrival&)>;

class Server {
public:
    Server(ServerId id, const EnsembleOptions& options, Connections& connections,
           const ChooseFate& choose_fate);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void set_upstream(Upstream& upstream) { x_upstream = &upstream; }

    void receive(Instant now, Connection& connection, std::string_view bytes);
    void hang_up(Connection& connection);
    /// All of them: this server stops serving.
    void drop_clients();

    // From upstream.
    void apply(Instant now, const Transaction& transaction);
    void revalidated(Instant now, std::uint64_t tag, bool is_valid);
    void synced(Instant now, std::uint64_t tag);

    [[nodiscard]] Store& store() { return x_store; }
    [[nodiscard]] const Store& store() const { return x_store; }

private:
    /// Requests of a session that wait for the leader, and those behind them.
    using Pipeline = std::deque<Request>;

    void pump(Instant now, Connection& connection);
    void close(Connection& connection);
    void close(ConnectionId id);
    void close_if(bool is_due, Connection& connection);

    // connecting
    bool answers_four_letters(Connection& connection);
    void join(Instant now, Connection& connection, std::string_view frame);
    void join(Instant now, Connection& connection, const wire::ConnectRequest& body, Fate fate);
    void create_session(Instant now, Connection& connection, Fate fate);
    void attach(Instant now, Connection& connection, const wire::ConnectRequest& body, Fate fate);
    void welcome(Instant now, Connection& connection, Fate fate, bool is_valid);
    [[nodiscard]] Fate fate_of(Instant now, const Connection& connection, std::int32_t xid,
                               wire::Opcode op, std::string_view body) const;

    // requests
    void take(Instant now, Connection& connection, std::string_view frame);
    void execute(Instant now, Connection& connection, Request request, std::string_view body);
    void authenticate(Connection& connection, const Request& request, std::string_view body);
    void write(Instant now, Connection& connection, Request request, std::string_view body);
    void read(Instant now, Connection& connection, Request request, std::string_view body);
    void refuse(Connection& connection, const Request& request, std::int64_t zxid,
                wire::ServerError err);

    // replies
    void finish(Instant now, std::int64_t session, std::uint64_t tag,
                const Transaction* transaction);
    void answer_write(Instant now, const Request& request, const Transaction& transaction);
    void run_on(std::int64_t session);

    ServerId x_id;
    const EnsembleOptions& x_options;
    Connections& x_connections;
    const ChooseFate& x_choose_fate;
    Upstream* x_upstream = nullptr;
    Store x_store;
    Reads x_reads;
    /// Which connection each session is attached through, here.
    std::unordered_map<std::int64_t, ConnectionId> x_attached;
    std::unordered_map<std::int64_t, Pipeline> x_pipelines;  ///< none of them empty
    struct Revalidation {
        ConnectionId connection;
        Fate fate;
    };
    std::unordered_map<std::uint64_t, Revalidation> x_revalidations;
    std::unordered_map<std::uint64_t, std::int64_t> x_syncs;  ///< the session of each
    std::uint64_t x_next_tag = 1;
    std::int64_t x_next_session = 0;  ///< 0: none was created yet
    /// The request that is being submitted: most are answered before that is over.
    Request x_current;
    std::vector<Applied> x_results;  ///< kept for its memory
};

}  // namespace leasehold::server
