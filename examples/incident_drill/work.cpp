#include "work.hpp"

#include <leasehold/fence.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <pqxx/pqxx>
#include <utility>

namespace drill {

namespace asio = boost::asio;

struct Table::Open {
    explicit Open(const std::string& how) : connection(how) {}
    pqxx::connection connection;
};

Table::Table(const std::string& connection) : x_open(std::make_unique<Open>(connection)) {
    static const std::string claim =
        leasehold::to_sql(
            {.table = "orders", .set = "reads = reads + 1", .where = "path = $1", .token = "$2"}) +
        " returning fenced";
    static const std::string write = leasehold::to_sql(
        {.table = "orders", .set = "fenced = $3", .where = "path = $1", .token = "$2"});
    x_open->connection.prepare("read", "select unfenced from orders where path = $1");
    x_open->connection.prepare("claim", claim);
    x_open->connection.prepare("write", "update orders set unfenced = $2 where path = $1");
    x_open->connection.prepare("write_fenced", write);
}

Table::~Table() = default;

Counters Table::read(const std::string& path, std::int64_t token) {
    pqxx::nontransaction work(x_open->connection);
    Counters counters;
    if (token != no_token) {
        const pqxx::result claimed = work.exec_prepared("claim", path, token);
        if (!claimed.empty()) {
            counters.fenced = claimed[0][0].as<std::int64_t>();
        }
    }
    counters.unfenced = work.exec_prepared1("read", path)[0].as<std::int64_t>();
    return counters;
}

bool Table::write_unfenced(const std::string& path, std::int64_t value) {
    pqxx::nontransaction work(x_open->connection);
    return work.exec_prepared0("write", path, value).affected_rows() == 1;
}

bool Table::write_fenced(const std::string& path, std::int64_t value, std::int64_t token) {
    pqxx::nontransaction work(x_open->connection);
    return work.exec_prepared0("write_fenced", path, token, value).affected_rows() == 1;
}

Gateway::Gateway(payment_gateway::Endpoint endpoint, leasehold::milliseconds hold_time)
    : x_endpoint(std::move(endpoint)),
      x_delay("delay=" + std::to_string(static_cast<double>(hold_time.count()) / 1000)) {}

leasehold::result<void> Gateway::charge(bool is_stuck, leasehold::Instant deadline,
                                        std::stop_token stop) {
    static std::atomic<std::uint64_t> number{0};
    payment_gateway::Charge charge("p" + std::to_string(++number), 100);
    charge.behave = is_stuck ? "hang" : x_delay;

    // Everything about the signal happens on the strand: it is not for two threads.
    const auto strand = asio::make_strand(x_pool);
    const auto signal = std::make_shared<asio::cancellation_signal>();
    auto call = payment_gateway::charge(x_endpoint, std::move(charge), deadline);
    auto answer = asio::co_spawn(strand, std::move(call),
                                 asio::bind_cancellation_slot(signal->slot(), asio::use_future));
    const std::stop_callback give_up(stop, [&strand, signal] {
        asio::post(strand, [signal] { signal->emit(asio::cancellation_type::all); });
    });
    auto receipt = answer.get();
    if (!receipt) {
        return std::move(receipt).error();
    }
    return leasehold::success();
}

}  // namespace drill
