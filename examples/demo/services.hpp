// The world around the order service on one loopback port: the payment gateway and the database.
#pragma once

#include "event.hpp"
#include "ledger.hpp"
#include "payment_stub.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace demo {

/// One line in, one line out:
///
///     charge PAYMENT                    -> paid
///     write ORDER TOKEN PAYMENT STATE   -> ok | stale HIGHEST
///     await hang                        -> yes, as soon as a payment hangs
///
/// Thread safety: none; everything runs on the thread of the io_context.
class Services {
public:
    using Report = std::function<void(Event)>;

    Services(boost::asio::io_context& io, std::string_view hanging_payment, Report report);

    [[nodiscard]] unsigned short port() const { return x_acceptor.local_endpoint().port(); }
    [[nodiscard]] const Ledger& ledger() const { return x_ledger; }
    [[nodiscard]] bool has_hung() const { return x_payments.has_hung(); }

private:
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
    boost::asio::awaitable<std::string> answer(boost::asio::ip::tcp::socket& socket,
                                               std::string request);
    boost::asio::awaitable<std::string> charge(boost::asio::ip::tcp::socket& socket,
                                               std::string payment);
    boost::asio::awaitable<std::string> await_hang();
    void say(EventKind kind, const std::string& payment, std::string text);

    boost::asio::ip::tcp::acceptor x_acceptor;
    PaymentStub x_payments;
    Ledger x_ledger;
    Report x_report;
};

}  // namespace demo
