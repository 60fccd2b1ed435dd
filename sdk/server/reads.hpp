// Everything a server answers from what it has applied, without asking anybody.
#pragma once

#include "sdk/server/connections.hpp"
#include "sdk/server/options.hpp"
#include "sdk/server/store.hpp"

#include <string_view>

namespace leasehold::server {

class Reads {
public:
    Reads(Store& store, Connections& connections, Release release)
        : x_store(store), x_connections(connections), x_release(release) {}

    /// True if the connection has to be closed behind the reply.
    [[nodiscard]] bool serve(Connection& connection, const Request& request, std::string_view body);

private:
    struct Question;

    [[nodiscard]] const Znode* readable(Question& question, std::string_view path,
                                        wire::ServerError& err) const;
    bool exists(Question& question);
    bool data(Question& question);
    bool acl(Question& question);
    bool children(Question& question);
    bool children_number(Question& question);
    bool sync(Question& question);
    bool own_ephemerals(Question& question);
    bool who_am_i(Question& question);
    bool multi_read(Question& question);

    bool add_watch(Question& question);
    bool set_watches(Question& question);
    bool check_watches(Question& question);
    bool remove_watches(Question& question);
    void restore(Connection& connection, WatchTable& table, std::string_view path,
                 wire::WatchEventType missed, bool has_missed);

    bool answer(Question& question);
    bool refuse(Question& question, wire::ServerError err);

    Store& x_store;
    Connections& x_connections;
    Release x_release;
};

}  // namespace leasehold::server
