#include "sdk/cli/ls_command.hpp"

#include <leasehold/client.hpp>

#include "sdk/cli/contender_list.hpp"
#include "sdk/cli/event_loop.hpp"
#include "sdk/cli/exit_code.hpp"
#include "sdk/cli/report.hpp"
#include "sdk/cli/trouble.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;
using Contenders = std::vector<ContenderInfo>;

constexpr milliseconds close_limit = 600ms;
/// The client answers by itself at the end of the wait, and says more than we could.
constexpr milliseconds answer_slack = 250ms;

/// No lock hangs on the session of a listing, so it need not outlive the wait; and the client's own
/// limit for a listing is the session timeout.
ClientOptions client_options(const EnsembleArguments& ensemble, Trouble& trouble) {
    ClientOptions options = ensemble.client_options();
    options.on_log = LogHandler(trouble);
    options.session_timeout = std::clamp<milliseconds>(ensemble.wait, 1ms, options.session_timeout);
    return options;
}

Awaited<Contenders> ask(const Client& client, const EnsembleArguments& ensemble, EventLoop& loop) {
    const auto answer = std::make_shared<Answer<Contenders>>(loop.nudge());
    const Instant until = BootClock::now() + ensemble.wait + answer_slack;
    client.async_contenders(ensemble.path, [answer](result<Contenders> contenders) {
        answer->put(std::move(contenders));
    });
    return await(loop, *answer, until);
}

int print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) {
        say("standard output cannot be written to");
        return exit_code::internal;
    }
    return exit_code::success;
}

int show(const ListArguments& arguments, const Contenders& contenders) {
    if (arguments.as_json) {
        return print(to_json(contenders));
    }
    return print(contenders.empty() ? arguments.ensemble.path + ": nobody holds or waits\n"
                                    : to_table(contenders));
}

/// A listing that came to its time limit says only that. The log may know why.
int report_failure(const Error& error, const Trouble& trouble, const std::string& path) {
    const std::optional<Trouble::Report> cause = trouble.last();
    if (!cause || error != errc::timed_out) {
        return report(error, path);
    }
    const Error known(cause->code);
    say(path + ": " + known.message() + ": " + cause->text);
    say(exit_code::advice_for(known, path));
    return exit_code::of(known);
}

int list_with_client(const ListArguments& arguments, EventLoop& loop) {
    const EnsembleArguments& ensemble = arguments.ensemble;
    Trouble trouble;
    const result<Client> client =
        Client::connect(ensemble.connect, client_options(ensemble, trouble));
    if (!client) {
        return report(client.error(), ensemble.path);
    }
    const Awaited<Contenders> contenders = ask(*client, ensemble, loop);
    static_cast<void>(client->close(close_limit));
    if (contenders.signal != 0) {
        say(signal_name(contenders.signal));
        return exit_code::signal_base + contenders.signal;
    }
    if (!contenders.answer) {
        return report_failure(errc::timed_out, trouble, ensemble.path);
    }
    return *contenders.answer ? show(arguments, contenders.answer->value())
                              : report_failure(contenders.answer->error(), trouble, ensemble.path);
}

}  // namespace

int list(const ListArguments& arguments) {
    const result<Signals> signals = Signals::block();
    if (!signals) {
        return report(signals.error(), arguments.ensemble.path);
    }
    result<EventLoop> loop = EventLoop::make(signals.value());
    return loop ? list_with_client(arguments, *loop)
                : report(loop.error(), arguments.ensemble.path);
}

}  // namespace leasehold::cli
