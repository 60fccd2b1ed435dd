#include "sdk/net/sasl_runner.hpp"

#include "sdk/net/thread.hpp"

#include <boost/asio/post.hpp>

#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace leasehold::net {

/// Belongs to the thread while it is at work on it, and to nobody in between.
struct SaslRunner::Conversation {
    std::unique_ptr<SaslClient> client;
};

struct SaslRunner::Job {
    std::shared_ptr<Conversation> conversation;
    std::function<result<core::SaslMove>(Conversation&)> run;
};

/// What the thread and the runner share; it outlives the runner if the thread does.
struct SaslRunner::Mailbox {
    std::mutex mutex;
    /// Null once the runner is gone.
    SaslRunner* runner = nullptr;
    bool is_busy = false;
    std::optional<Job> waiting;

    static void run(const std::shared_ptr<Mailbox>& mailbox) {
        while (const std::optional<Job> job = mailbox->take_next()) {
            mailbox->tell(mailbox, job->conversation, job->run(*job->conversation));
        }
    }

    void tell(const std::shared_ptr<Mailbox>& self, std::shared_ptr<Conversation> conversation,
              result<core::SaslMove> move) {
        const std::lock_guard lock(mutex);
        if (runner != nullptr) {
            // The io_context outlives the runner.
            boost::asio::post(runner->x_io, [self, conversation = std::move(conversation),
                                             move = std::move(move)]() mutable {
                if (self->runner != nullptr) {
                    self->runner->answer(conversation, std::move(move));
                }
            });
        }
    }

    std::optional<Job> take_next() {
        const std::lock_guard lock(mutex);
        is_busy = waiting.has_value();
        return std::exchange(waiting, std::nullopt);
    }
};

SaslRunner::SaslRunner(boost::asio::io_context& io, OpenSaslClient open)
    : x_io(io), x_open(std::move(open)), x_mailbox(std::make_shared<Mailbox>()) {
    x_mailbox->runner = this;
}

SaslRunner::~SaslRunner() {
    stop();
    const std::lock_guard lock(x_mailbox->mutex);
    x_mailbox->runner = nullptr;
}

void SaslRunner::begin(std::string server, Handler handler) {
    stop();
    x_conversation = std::make_shared<Conversation>();
    post({x_conversation,
          [open = x_open,
           server = std::move(server)](Conversation& conversation) -> result<core::SaslMove> {
              BOOST_OUTCOME_TRY(conversation.client, open(server));
              return conversation.client->begin();
          }},
         std::move(handler));
}

void SaslRunner::proceed(std::string challenge, Handler handler) {
    if (!x_conversation) {
        return;
    }
    post({x_conversation,
          [challenge = std::move(challenge)](Conversation& conversation) {
              return conversation.client->proceed(challenge);
          }},
         std::move(handler));
}

void SaslRunner::stop() {
    x_handler = {};
    x_conversation.reset();
    std::optional<Job> dropped;
    const std::lock_guard lock(x_mailbox->mutex);
    dropped.swap(x_mailbox->waiting);
}

void SaslRunner::post(Job job, Handler handler) {
    x_handler = std::move(handler);
    const std::shared_ptr<Conversation> conversation = job.conversation;
    {
        const std::lock_guard lock(x_mailbox->mutex);
        x_mailbox->waiting = std::move(job);
        if (std::exchange(x_mailbox->is_busy, true)) {
            return;
        }
    }
    try {
        start_thread("leasehold-sasl", [mailbox = x_mailbox] { Mailbox::run(mailbox); }).detach();
    } catch (const std::system_error& error) {
        {
            const std::lock_guard lock(x_mailbox->mutex);
            x_mailbox->waiting.reset();
            x_mailbox->is_busy = false;
        }
        x_mailbox->tell(
            x_mailbox, conversation,
            Error{errc::auth_failed, std::string("no thread for SASL: ") + error.what()});
    }
}

void SaslRunner::answer(const std::shared_ptr<Conversation>& from, result<core::SaslMove> move) {
    if (from != x_conversation) {
        return;
    }
    if (const Handler handler = std::exchange(x_handler, {})) {
        handler(std::move(move));
    }
}

}  // namespace leasehold::net
