// Lets a SASL mechanism think without ever waiting for it: Kerberos may ask a KDC that does not
// answer, which cannot be cancelled.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/sasl_exchange.hpp"
#include "sdk/net/sasl_client.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace leasehold::net {

/// One conversation at a time, on a thread of its own. Destroying the runner leaves that thread to
/// itself, which then touches nothing of the runner's any more.
///
/// A call that is stuck holds up later conversations, whose time limit is the owner's business: no
/// second thread is started beside it, so that not each attempt to connect leaves one behind.
/// Thread safety: none; used on the io_context's thread only.
class SaslRunner {
public:
    /// Called from the loop, never from within a call.
    using Handler = std::function<void(result<core::SaslMove>)>;

    SaslRunner(boost::asio::io_context& io, OpenSaslClient open);
    ~SaslRunner();
    SaslRunner(const SaslRunner&) = delete;
    SaslRunner& operator=(const SaslRunner&) = delete;

    /// Replaces the conversation before, which is not answered any more.
    void begin(std::string server, Handler handler);
    /// Of the conversation under way; only when it has answered.
    void proceed(std::string challenge, Handler handler);
    /// There is no answer any more. What the conversation holds is given back, now or when its
    /// thread comes back.
    void stop();

private:
    struct Conversation;
    struct Job;
    struct Mailbox;

    void post(Job job, Handler handler);
    void answer(const std::shared_ptr<Conversation>& from, result<core::SaslMove> move);

    boost::asio::io_context& x_io;
    OpenSaslClient x_open;
    std::shared_ptr<Mailbox> x_mailbox;
    std::shared_ptr<Conversation> x_conversation;  ///< empty: none
    Handler x_handler;
};

}  // namespace leasehold::net
