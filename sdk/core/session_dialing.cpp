// Where to connect next, and what for: to learn a server's version, or to attach the session.
#include "sdk/core/session.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

namespace {

/// A serving server answers a four-letter word at once; one that is starting may hang.
constexpr Duration probe_patience = std::chrono::milliseconds{500};

/// How long a version that was learned for an address counts after it was learned: a server is not
/// replaced by an older one in less.
constexpr Duration version_lifetime = std::chrono::minutes{5};

}  // namespace

void Session::start(Instant now) {
    x_dial_at = now;
    dial(now);
}

void Session::dial(Instant now) {
    while (x_stage == Stage::idle && x_dial_at <= now) {
        if (x_follow_up) {
            follow_up(now, *x_follow_up);
            continue;
        }
        const Dialer::Step step = x_dialer.next(now);
        if (const auto* wait = std::get_if<Dialer::Wait>(&step)) {
            x_dial_at = std::max(wait->until, now + Duration{1});
        } else if (std::holds_alternative<Resolve>(step)) {
            x_stage = Stage::resolving;
            x_effects.emplace_back(Resolve{});
        } else if (const auto* attempt = std::get_if<Connect>(&step)) {
            connect(now, attempt->endpoint);
        } else {
            x_dial_at = Instant::max();
        }
    }
}

void Session::on_resolved(Instant now, std::vector<Endpoint> endpoints) {
    if (x_stage != Stage::resolving) {
        return;
    }
    if (endpoints.empty()) {
        x_trouble = "no host of the connect string could be resolved";
        log(LogLevel::warning, "resolve_failed", {});
    }
    x_dialer.on_resolved(now, std::move(endpoints));
    x_stage = Stage::idle;
    x_dial_at = now;
    dial(now);
}

void Session::connect(Instant now, Endpoint endpoint) {
    x_endpoint = std::move(endpoint);
    if (x_settings.server_version) {
        x_version = *x_settings.server_version;
        return open_transport(now, Purpose::attach);
    }
    const auto known = x_known.find(x_endpoint);
    if (known != x_known.end() && now - known->second.learned < version_lifetime) {
        x_version = known->second.version;
        return open_transport(now, Purpose::attach);
    }
    open_transport(now, Purpose::probe);
}

void Session::open_transport(Instant now, Purpose purpose) {
    x_purpose = purpose;
    x_stage = Stage::connecting;
    // One server that does not answer must not cost the session its chance with another.
    x_give_up = later(now, std::min(x_settings.connect_timeout, x_settings.session_timeout / 3));
    ++x_connection;
    ++x_connects;
    x_splitter = wire::FrameSplitter(wire::FrameLimits{.frame = x_settings.max_frame_bytes});
    x_effects.emplace_back(Connect{x_endpoint});
}

void Session::on_connected(Instant now) {
    if (x_stage != Stage::connecting) {
        return;
    }
    x_heard = now;
    if (x_purpose == Purpose::probe) {
        x_stage = Stage::greeting;
        x_probe = ServerProbe{};
        x_outbound += ServerProbe::request;
        x_give_up = std::min(x_give_up, later(now, probe_patience));
        return;
    }
    if (x_settings.sasl) {
        // Before anything is said: a session must not be kept alive by attempts that cannot end
        // well, because nobody could delete its nodes.
        x_stage = Stage::preparing;
        x_sasl.emplace();
        x_effects.emplace_back(SaslBegin{x_endpoint.sasl_name});
        return;
    }
    greet(now);
}

void Session::greet(Instant now) {
    x_stage = Stage::greeting;
    const bool is_trial = x_purpose == Purpose::trial;
    // The trial session is closed at once; two ticks is the least that servers grant.
    const Duration timeout = is_trial ? 2 * x_settings.timing.tick : x_settings.session_timeout;
    wire::ConnectRequest request;
    request.last_zxid_seen = is_trial ? 0 : x_last_zxid;
    request.timeout_ms = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
    request.session_id = is_trial ? 0 : x_id;
    request.password = is_trial || x_id == 0 ? std::string(wire::password_size, '\0') : x_password;
    wire::append_frame(x_outbound, request);
    x_greeted = now;
}

void Session::leave_probe(Instant now) {
    if (const auto version = x_probe.version()) {
        x_known[x_endpoint] = {*version, now};
        x_version = *version;
    } else {
        x_version = x_trial_version;
    }
    // A session that waits to be re-attached has no time for a trial: then 3.4 is assumed.
    const bool knows = x_probe.version().has_value() || x_was_tried || x_id != 0;
    x_effects.emplace_back(Disconnect{});
    wipe(x_outbound);
    if (x_close_by && !x_was_attached) {
        return finish_close(success());
    }
    follow_up(now, knows ? Purpose::attach : Purpose::trial);
}

/// A further connection to the server that has just been asked what it can do.
void Session::follow_up(Instant now, Purpose purpose) {
    x_follow_up = purpose;
    x_stage = Stage::idle;
    x_give_up = Instant::max();
    x_dial_at = x_dialer.follow_up(now);
    if (x_dial_at <= now) {
        x_follow_up.reset();
        open_transport(now, purpose);
    }
}

/// On a session that holds nothing: an operation that 3.4 does not know, on a path that cannot
/// exist. A server that knows it says NoNode; one that does not closes the connection.
void Session::try_container(Instant now) {
    wire::CreateContainerRequest request;
    request.path = "/leasehold-" + std::string(x_random.hex16().text()) + "/probe";
    request.acls.emplace().push_back({wire::perms::all, "world", "anyone"});
    request.flags = wire::CreateMode::container;
    send(now, request, [this](Instant when, const Response& response) {
        if (response.failure || response.err == wire::ServerError::unimplemented) {
            return;
        }
        x_trial_version = {3, 5, 1};
        send(when, wire::CloseSessionRequest{}, [](Instant, const Response&) {});
    });
}

void Session::leave_trial(Instant now) {
    x_was_tried = true;
    x_version = x_trial_version;
    log(LogLevel::info, "server_version_tried",
        {{"containers", x_version.has_containers() ? "yes" : "no"}});
    forget_connection(now);
    follow_up(now, Purpose::attach);
}

}  // namespace leasehold::core
