#include "order_store.hpp"

#include <leasehold/fence.hpp>

#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

namespace order_service {
namespace {

using boost::asio::awaitable;
using leasehold::Instant;
using leasehold::result;

/// Services that start together would trip over each other: create ... if not exists is no lock.
void make_table(pqxx::connection& connection) {
    pqxx::work transaction(connection);
    transaction.exec("select pg_advisory_xact_lock(725161)");
    transaction.exec(
        "create table if not exists orders (id text primary key, "
        "amount_cents bigint not null, state text not null default 'open' "
        "check (state in ('open', 'charging', 'paid', 'declined')), "
        "receipt text not null default '', " +
        leasehold::fence_column_sql() + ")");
    transaction.commit();
}

std::optional<Order> read_order(pqxx::connection& connection, const std::string& id) {
    pqxx::nontransaction reading(connection);
    const pqxx::result rows = reading.exec_params(
        "select amount_cents, state, receipt, fence from orders where id = $1", id);
    if (rows.empty()) {
        return std::nullopt;
    }
    Order order;
    order.id = id;
    order.amount_cents = rows[0][0].as<std::int64_t>();
    order.state = rows[0][1].as<std::string>();
    order.receipt = rows[0][2].as<std::string>();
    order.fence = rows[0][3].as<std::int64_t>();
    return order;
}

Created create_order(pqxx::connection& connection, const std::string& id, std::int64_t amount) {
    Created created;
    {
        pqxx::nontransaction writing(connection);
        const pqxx::result written = writing.exec_params(
            "insert into orders (id, amount_cents) values ($1, $2) on conflict do nothing", id,
            amount);
        created.is_new = written.affected_rows() == 1;
    }
    created.order = read_order(connection, id).value();
    return created;
}

}  // namespace

OrderStore::OrderStore(const Settings& settings)
    : x_timeout(settings.database_timeout), x_database(settings, make_table) {}

Instant OrderStore::deadline() const {
    return leasehold::BootClock::now() + x_timeout;
}

awaitable<result<void>> OrderStore::ping(Instant deadline) {
    auto work = [](pqxx::connection& connection) {
        pqxx::nontransaction reading(connection);
        return reading.exec("select 1").size();
    };
    auto run = x_database.run(work, deadline);
    BOOST_OUTCOME_CO_TRYV(co_await std::move(run));
    co_return leasehold::success();
}

awaitable<result<Created>> OrderStore::create(std::string id, std::int64_t amount_cents) {
    auto work = [id = std::move(id), amount_cents](pqxx::connection& connection) {
        return create_order(connection, id, amount_cents);
    };
    auto run = x_database.run(std::move(work), deadline());
    co_return co_await std::move(run);
}

awaitable<result<std::optional<Order>>> OrderStore::find(std::string id) {
    auto work = [id = std::move(id)](pqxx::connection& connection) {
        return read_order(connection, id);
    };
    auto run = x_database.run(std::move(work), deadline());
    co_return co_await std::move(run);
}

awaitable<result<bool>> OrderStore::write(std::string id, std::string state, std::string receipt,
                                          std::int64_t token) {
    static const std::string sql = leasehold::to_sql({.table = "orders",
                                                      .set = "state = $2, receipt = $4",
                                                      .where = "id = $1 and state <> 'paid'",
                                                      .token = "$3"});
    auto work = [id = std::move(id), state = std::move(state), receipt = std::move(receipt),
                 token](pqxx::connection& connection) {
        pqxx::nontransaction writing(connection);
        return writing.exec_params(sql, id, state, token, receipt).affected_rows() == 1;
    };
    auto run = x_database.run(std::move(work), deadline());
    co_return co_await std::move(run);
}

}  // namespace order_service
