#include "sdk/cli/arguments.hpp"

#include "sdk/cli/choice.hpp"
#include "sdk/cli/config_file.hpp"
#include "sdk/cli/duration.hpp"
#include "sdk/cli/exit_code.hpp"
#include "sdk/cli/help.hpp"
#include "sdk/cli/security_arguments.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

namespace leasehold::cli {
namespace {

using Words = std::vector<std::string>;

void add_duration(CLI::App& app, const std::string& name, milliseconds& value,
                  const std::string& what) {
    app.add_option_function<std::string>(
           name,
           [name, &value](const std::string& text) {
               const result<milliseconds> parsed = parse_duration(text);
               if (!parsed) {
                   throw CLI::ValidationError(name, parsed.error().context().what);
               }
               value = parsed.value();
           },
           what)
        ->type_name("DURATION")
        ->default_str(format_duration(value))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

template <class Number>
void add_number(CLI::App& app, const std::string& name, Number& value,
                const std::string& default_text, const std::string& what) {
    app.add_option_function<std::string>(
           name,
           [name, &value](const std::string& text) {
               const char* const end = text.data() + text.size();
               const auto [stopped, error] = std::from_chars(text.data(), end, value);
               if (error != std::errc{} || stopped != end || !(value >= Number{0})) {
                   throw CLI::ValidationError(name, "'" + text + "' is no number from 0 on");
               }
           },
           what)
        ->type_name("N")
        ->default_str(default_text)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_ensemble(CLI::App& app, EnsembleArguments& arguments) {
    app.add_option("PATH", arguments.path, "The lock's path, such as /jobs/billing")
        ->type_name("")
        ->required();
    app.add_option("--connect", arguments.connect,
                   "[tls://]host:port,host:port/chroot; without it LEASEHOLD_CONNECT")
        ->type_name("HOSTS")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    add_duration(app, "--wait", arguments.wait, "Bound on everything up to the answer");
    ClientOptions& client = arguments.client;
    add_duration(app, "--session-timeout", client.session_timeout, "What the server is asked for");
    add_duration(app, "--tick", client.tick, "The ensemble's tickTime; or a larger value");
    add_number(app, "--sync-limit", client.sync_limit, "5",
               "The ensemble's syncLimit; or a larger value");
    app.add_flag("--standalone", client.standalone,
                 "The ensemble is one server alone, without followers");
    add_duration(app, "--ack-gap", client.ack_gap,
                 "Slowest reply that proves the lease; 0s: min(2s, tick)");
    add_number(app, "--clock-drift", client.clock_drift, "0.01",
               "Bound on the relative rate of the clocks");
    add_duration(app, "--margin", client.margin, "Fixed safety margin");
    add_choice(app, "--lease-evidence", "NAME", client.lease_evidence,
               {{"conservative", LeaseEvidence::conservative}, {"quorum", LeaseEvidence::quorum}},
               "What the lease rests on: conservative, or quorum for short sessions");
    add_security(app, arguments);
}

void add_naming(CLI::App& app, Naming& naming) {
    add_choice(app, "--naming", "NAMING", naming,
               {{"curator", Naming::curator},
                {"curator-rw", Naming::curator_read_write},
                {"kazoo", Naming::kazoo}},
               "Whose locks are on the path, too: curator, curator-rw or kazoo");
}

void add_listen(CLI::App& app, ListenAddress& listen) {
    app.add_option_function<std::string>(
           "--listen",
           [&listen](const std::string& text) {
               const result<ListenAddress> parsed = parse_listen_address(text);
               if (!parsed) {
                   throw CLI::ValidationError("--listen", parsed.error().context().what);
               }
               listen = parsed.value();
           },
           "Where the first node listens; port 0 takes free ones")
        ->type_name("HOST:PORT")
        ->default_str(format_address(listen.host, listen.port))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// CLI11's layout, with usage lines that show where CMD goes, and one line for each command.
class HelpFormatter final : public CLI::Formatter {
public:
    HelpFormatter() { column_width(32); }

    std::string make_usage(const CLI::App* app, std::string) const override {
        std::string line = "\nUsage: leasehold";
        if (app->get_name() == "run") {
            line += " run PATH [OPTIONS] -- CMD [ARGS...]";
        } else if (app->get_name() == "elect") {
            line += " elect PATH [OPTIONS] -- CMD [ARGS...]";
        } else if (app->get_name() == "ls") {
            line += " ls PATH [OPTIONS]";
        } else if (app->get_name() == "serve") {
            line += " serve [OPTIONS]";
        } else {
            line += " run|elect|ls|serve ...";
        }
        return line + "\n";
    }

    std::string make_subcommand(const CLI::App* command) const override {
        const std::string description = command->get_description();
        std::string line = "  " + command->get_name();
        line.resize(get_column_width(), ' ');
        return line + description.substr(0, description.find('\n')) + "\n";
    }
};

/// CLI11's parser with our options, bound to where they go.
struct Parser {
    CLI::App app{std::string(help::description), "leasehold"};
    CLI::App* run = app.add_subcommand("run", std::string(help::run_description));
    CLI::App* elect = app.add_subcommand("elect", std::string(help::elect_description));
    CLI::App* list = app.add_subcommand("ls", std::string(help::list_description));
    CLI::App* serve = app.add_subcommand("serve", std::string(help::serve_description));
    RunArguments run_arguments;
    RunArguments elect_arguments;
    ListArguments list_arguments;
    ServeArguments serve_arguments;
    bool may_be_public = false;

    Parser() {
        app.footer(std::string(help::footer));
        app.set_version_flag("--version", "leasehold " LEASEHOLD_VERSION);
        app.require_subcommand(1);
        for (CLI::App* each : {&app, run, elect, list, serve}) {
            each->formatter(std::make_shared<HelpFormatter>());
        }

        run->footer(std::string(help::run_footer));
        add_ensemble(*run, run_arguments.ensemble);
        add_duration(*run, "--budget", run_arguments.budget, "How long CMD may run");
        add_duration(*run, "--grace", run_arguments.grace, "From SIGTERM to SIGKILL");
        add_duration(*run, "--lock-delay", run_arguments.lock_delay,
                     "Pause before the next one after a crash or overrun; at most 60s");
        run->add_flag_callback(
            "--shared", [this] { run_arguments.kind = LockKind::shared; },
            "Together with others that share the lock; no fencing token");
        run->add_flag_callback(
               "--upgradable", [this] { run_arguments.kind = LockKind::upgradable; },
               "Together with those that share it, and with no other of these")
            ->excludes("--shared");
        run->add_option_function<int>(
               "--permits",
               [this](int permits) {
                   run_arguments.kind = LockKind::permit;
                   run_arguments.permits = permits;
               },
               "One of N permits, not a lock; all who use PATH give the same N")
            ->type_name("N")
            ->check(CLI::Range(1, std::numeric_limits<int>::max()).description(""))
            ->excludes("--shared")
            ->excludes("--upgradable")
            ->excludes("--lock-delay");
        run->add_option("--also", run_arguments.also,
                        "One more path, locked together with PATH; may be given again")
            ->type_name("PATH")
            ->allow_extra_args(false)
            ->excludes("--shared")
            ->excludes("--upgradable")
            ->excludes("--permits");
        add_naming(*run, run_arguments.naming);
        add_open_acl(*run, run_arguments.open_acl);

        elect->footer(std::string(help::elect_footer));
        elect_arguments.is_election = true;
        elect_arguments.ensemble.wait = milliseconds::max();
        add_ensemble(*elect, elect_arguments.ensemble);
        elect->get_option("--wait")->default_str("for ever");
        add_duration(*elect, "--grace", elect_arguments.grace, "From SIGTERM to SIGKILL");
        add_duration(*elect, "--lock-delay", elect_arguments.lock_delay,
                     "Pause before the next leader if this host dies; at most 1m");
        elect
            ->add_option("--payload", elect_arguments.payload,
                         "What others are told of the leader, such as an address")
            ->type_name("TEXT")
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        add_naming(*elect, elect_arguments.naming);
        add_open_acl(*elect, elect_arguments.open_acl);

        list->footer(std::string(help::list_footer));
        add_ensemble(*list, list_arguments.ensemble);
        list->add_flag("--json", list_arguments.as_json, "An array of objects, for programs");

        serve->footer(std::string(help::serve_footer));
        add_listen(*serve, serve_arguments.listen);
        add_number(*serve, "--nodes", serve_arguments.nodes, "1",
                   "How many servers, on consecutive ports: 1 to 9");
        add_duration(*serve, "--tick", serve_arguments.tick, "The servers' tickTime");
        serve->add_flag("--public", may_be_public,
                        "Allow an address that others can reach, and do everything on");
    }
};

/// "-5s" behind an option is a bad value of that option, and is to be refused as such; CLI11 would
/// take it for an option of its own.
Words with_negative_values_attached(Words words) {
    Words attached;
    for (std::string& word : words) {
        const bool is_negative =
            word.size() > 1 && word[0] == '-' &&
            (std::isdigit(static_cast<unsigned char>(word[1])) != 0 || word[1] == '.');
        if (is_negative && !attached.empty() && attached.back().starts_with("--") &&
            attached.back().find('=') == std::string::npos) {
            attached.back() += "=" + word;
        } else {
            attached.push_back(std::move(word));
        }
    }
    return attached;
}

Reply refuse(std::string_view what, std::string_view command) {
    std::string text = "leasehold: ";
    text += what;
    text += "\nleasehold: see 'leasehold ";
    text += command.empty() ? "" : std::string(command) + " ";
    return {text + "--help'\n", exit_code::usage};
}

/// Everything behind the first "--" is the command's, whatever it looks like.
Words split_off_command(Words& words, bool& has_separator) {
    const auto separator = std::find(words.begin(), words.end(), "--");
    has_separator = separator != words.end();
    if (!has_separator) {
        return {};
    }
    Words command(separator + 1, words.end());
    words.erase(separator, words.end());
    return command;
}

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char letter) { return letter == ' ' || letter == '\n'; };
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

Arguments check_serve(const Parser& parser) {
    const ServeArguments& serve = parser.serve_arguments;
    constexpr std::size_t most_nodes = 9;
    if (serve.nodes < 1 || serve.nodes > most_nodes) {
        return refuse("--nodes: 1 to 9", "serve");
    }
    if (serve.listen.port != 0 && serve.listen.port + serve.nodes - 1 > UINT16_MAX) {
        return refuse("--listen: there is no port above 65535 for the last node", "serve");
    }
    if (serve.tick < milliseconds{1}) {
        return refuse("--tick: at least 1ms", "serve");
    }
    if (!serve.listen.is_loopback && !parser.may_be_public) {
        return refuse("--listen: " + serve.listen.host +
                          " can be reached from other machines, and whoever connects may do "
                          "everything: add --public if that is meant",
                      "serve");
    }
    return serve;
}

/// Where the ensemble is was not said yet by the options alone.
template <class Command>
Arguments with_ensemble(Command command, std::string_view name, std::string_view default_connect) {
    if (command.ensemble.connect.empty()) {
        command.ensemble.connect = default_connect;
    }
    if (command.ensemble.connect.empty()) {
        return refuse("which ensemble? give --connect HOSTS, or set LEASEHOLD_CONNECT", name);
    }
    return command;
}

Arguments check(Parser& parser, std::string_view command, std::string_view default_connect) {
    if (command == "serve") {
        return check_serve(parser);
    }
    if (command == "ls") {
        return with_ensemble(std::move(parser.list_arguments), command, default_connect);
    }
    RunArguments& run = command == "elect" ? parser.elect_arguments : parser.run_arguments;
    if (run.command.empty()) {
        return refuse("which command? leasehold " + std::string(command) + " PATH -- CMD ARGS...",
                      command);
    }
    return with_ensemble(std::move(run), command, default_connect);
}

Arguments parse_with(Parser& parser, Words words, std::string_view default_connect) {
    const std::string command = words.empty() ? "" : words.front();
    const bool is_run = command == "run" || command == "elect";
    bool has_separator = false;
    if (is_run) {
        (command == "run" ? parser.run_arguments : parser.elect_arguments).command =
            split_off_command(words, has_separator);
    }
    auto configured = with_config_file(std::move(words));
    if (!configured) {
        return refuse(configured.error().context().what, is_run || command == "ls" ? command : "");
    }
    words = with_negative_values_attached(*std::move(configured));
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    const bool is_known = is_run || command == "ls" || command == "serve";
    const std::string_view known = is_known ? command : std::string_view{};
    if (known.empty() && !command.starts_with("-")) {
        return refuse(command.empty() ? "run, elect, ls or serve?"
                                      : "no command '" + command + "': run, elect, ls or serve?",
                      known);
    }
    try {
        parser.app.parse(std::move(words));
    } catch (const CLI::Success& request) {
        std::ostringstream text;
        parser.app.exit(request, text, text);
        return Reply{std::string(trimmed(text.str())) + "\n", exit_code::success};
    } catch (const CLI::ExtrasError& error) {
        const bool forgot = is_run && !has_separator;
        return refuse(
            forgot ? "the command goes behind --: leasehold " + command + " PATH -- CMD ARGS..."
                   : std::string(trimmed(error.what())),
            known);
    } catch (const CLI::ParseError& error) {
        return refuse(trimmed(error.what()), known);
    }
    return check(parser, known, default_connect);
}

}  // namespace

Arguments parse_arguments(std::span<const std::string> words, std::string_view default_connect) {
    Parser parser;
    return parse_with(parser, Words(words.begin(), words.end()), default_connect);
}

}  // namespace leasehold::cli
