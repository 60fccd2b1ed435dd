#include "tests/differential/conversation.hpp"

#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/record.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace leasehold::differential {

namespace {

constexpr std::int32_t timeout_ms = 30'000;

template <class Body>
Request request_of(const Body& body) {
    std::string bytes;
    wire::Writer writer(bytes);
    encode(writer, body);
    return {Body::op, {}, [bytes](std::int64_t) { return bytes; }};
}

std::string connect_request(std::int64_t session, std::string password, std::int64_t last_zxid) {
    wire::ConnectRequest request;
    request.timeout_ms = timeout_ms;
    request.session_id = session;
    request.password = std::move(password);
    request.last_zxid_seen = last_zxid;
    return wire::encode_frame(request);
}

std::string nobody() {
    return std::string(wire::password_size, '\0');
}

}  // namespace

// ---- one client ----

Speaker::Speaker(Transport& transport, std::string name)
    : x_transport(transport), x_name(std::move(name)), x_password(nobody()) {}

Speaker::~Speaker() {
    hang_up();
}

void Speaker::hang_up() {
    if (x_connection) {
        x_transport.hang_up(*x_connection);
        x_connection.reset();
    }
    x_splitter = wire::FrameSplitter{};
    x_unanswered.clear();
}

std::optional<std::string> Speaker::next_frame() {
    for (;;) {
        const auto frame = x_splitter.next();
        if (!frame) {
            throw std::runtime_error("the server's stream is broken");
        }
        if (frame.value()) {
            return std::string(*frame.value());
        }
        const std::string bytes = x_transport.receive(*x_connection);
        if (bytes.empty()) {
            return std::nullopt;
        }
        x_splitter.feed(bytes);
    }
}

void Speaker::attach(Transcript& transcript, std::vector<std::string>& lines) {
    if (x_connection) {
        return;
    }
    x_connection = x_transport.connect();
    x_transport.send(*x_connection, connect_request(x_session, x_password, x_last_zxid));
    const auto frame = next_frame();
    const auto answer = frame ? wire::decode<wire::ConnectResponse>(*frame)
                              : wire::result<wire::ConnectResponse>(wire::DecodeError::truncated);
    if (!answer) {
        lines.push_back(x_name + " is not let in");
        return hang_up();
    }
    const wire::ConnectResponse& response = answer.value();
    if (x_session == 0) {
        x_session = response.session_id;
        x_password = response.password;
        transcript.name_session(x_session, x_name);
    }
    lines.push_back(x_name + " " + transcript.connect(response));
    if (response.timeout_ms == 0) {
        x_session = 0;
        x_password = nobody();
        hang_up();
    }
}

void Speaker::send(const std::vector<Request>& requests, std::int64_t base_zxid) {
    std::string bytes;
    for (const Request& request : requests) {
        const std::int32_t xid = request.op == wire::Opcode::ping   ? wire::ping_xid
                                 : request.op == wire::Opcode::auth ? wire::auth_xid
                                                                    : ++x_xid;
        const std::string body = request.body(base_zxid);
        bytes += wire::encode_request(xid, request.op, wire::Opaque{body});
        x_unanswered.emplace_back(xid, request.op);
    }
    x_transport.send(*x_connection, bytes);
}

void Speaker::listen(const Transcript& transcript, std::vector<std::string>& lines) {
    // Events of one transaction come in the order of a hash table.
    std::vector<std::string> events;
    const auto tell_events = [&] {
        std::sort(events.begin(), events.end());
        lines.insert(lines.end(), events.begin(), events.end());
        events.clear();
    };
    while (x_connection && !x_unanswered.empty()) {
        const auto frame = next_frame();
        if (!frame) {
            tell_events();
            lines.push_back(x_name + " is closed");
            return hang_up();
        }
        const auto reply = wire::split_reply(*frame);
        if (reply && reply.value().header.xid == wire::notification_xid) {
            events.push_back(x_name + " " + transcript.event(*frame));
            continue;
        }
        tell_events();
        const auto [xid, op] = x_unanswered.front();
        x_unanswered.pop_front();
        const bool is_in_order = reply && reply.value().header.xid == xid;
        lines.push_back(x_name + " " + transcript.reply(op, *frame) +
                        (is_in_order ? "" : " out of order"));
        if (reply && reply.value().header.zxid > 0) {
            x_last_zxid = std::max(x_last_zxid, reply.value().header.zxid);
        }
    }
    tell_events();
}

void Speaker::leave() {
    hang_up();
}

void Speaker::say_bye(const Transcript& transcript, std::vector<std::string>& lines) {
    if (!x_connection) {
        return;
    }
    send({request_of(wire::CloseSessionRequest{})}, 0);
    listen(transcript, lines);
    wait_for_the_end();
    x_session = 0;
    x_password = nobody();
}

void Speaker::wait_for_the_end() {
    while (x_connection && next_frame()) {
    }
    hang_up();
}

// ---- all of them ----

Conversation::Conversation(Transport& transport)
    : x_transport(transport), x_keeper(transport, "keeper") {
    x_keeper.attach(x_no_names, x_ignored);
}

void Conversation::ask(Request request) {
    x_ignored.clear();
    x_keeper.send({std::move(request)}, 0);
    x_keeper.listen(x_no_names, x_ignored);
}

std::vector<std::string> Conversation::run(const Script& script) {
    wire::CreateRequest root;
    root.path = script.root;
    root.acls = {{{wire::perms::all, "world", "anyone"}}};
    ask(request_of(root));
    const std::int64_t base = x_keeper.last_zxid();
    Transcript transcript(base);
    std::vector<std::string> lines;
    std::vector<std::unique_ptr<Speaker>> clients;
    for (std::size_t i = 0; i < script.clients; ++i) {
        clients.push_back(
            std::make_unique<Speaker>(x_transport, "client " + std::to_string(i + 1)));
    }
    for (const Step& step : script.steps) {
        Speaker& client = *clients[step.client];
        const std::string who = "> " + std::to_string(step.client + 1) + " ";
        client.attach(transcript, lines);
        if (step.act == Act::send && client.is_attached()) {
            for (const Request& request : step.requests) {
                lines.push_back(who + request.text);
            }
            client.send(step.requests, base);
            client.listen(transcript, lines);
            if (!step.requests.empty() && step.requests.back().ends_connection) {
                client.wait_for_the_end();
            }
        } else if (step.act == Act::leave) {
            lines.push_back(who + "leaves");
            client.leave();
        } else if (step.act == Act::say_bye) {
            lines.push_back(who + "closes its session");
            client.say_bye(transcript, lines);
        } else if (step.act == Act::intrude && client.is_attached()) {
            lines.push_back(who + "is attached to with a wrong password");
            intrude(client, transcript, lines);
        }
        // Behind the answer to a ping there is nothing left of what the step caused.
        for (const auto& each : clients) {
            if (each->is_attached()) {
                each->send({request_of(wire::PingRequest{})}, base);
                each->listen(transcript, lines);
            }
        }
    }
    for (const auto& each : clients) {
        if (each->session() != 0) {
            each->attach(transcript, lines);
            each->say_bye(transcript, lines);
        }
    }
    remove_all(script.root);
    return lines;
}

void Conversation::intrude(Speaker& victim, const Transcript& transcript,
                           std::vector<std::string>& lines) {
    const Transport::Connection connection = x_transport.connect();
    x_transport.send(connection,
                     connect_request(victim.session(), std::string(wire::password_size, 'x'), 0));
    std::string answer;
    for (std::string bytes = x_transport.receive(connection); !bytes.empty();
         bytes = x_transport.receive(connection)) {
        answer += bytes;
    }
    x_transport.hang_up(connection);
    const auto response = wire::decode<wire::ConnectResponse>(
        answer.size() > 4 ? std::string_view(answer).substr(4) : std::string_view{});
    lines.push_back(response ? "the intruder is " + transcript.connect(response.value())
                             : "the intruder is not answered");
    // Both servers cut the victim off before they look at the password, ZooKeeper not always: the
    // end of the connection that a session had before may make it forget the present one.
    victim.leave();
}

void Conversation::remove_all(const std::string& path) {
    // As an administrator would: whatever the script's ACLs say, DELETE on the parent is enough,
    // and where that is missing the node stays, on both servers.
    const std::int32_t any = wire::any_version;
    ask(request_of(wire::GetChildrenRequest{path, false}));
    std::vector<std::string> children;
    for (const std::string& line : x_ignored) {
        // "keeper getChildren: zxid … err 0 ( "a" "b" )"
        for (std::size_t begin = line.find('"'); begin != std::string::npos;) {
            const std::size_t end = line.find('"', begin + 1);
            children.push_back(line.substr(begin + 1, end - begin - 1));
            begin = line.find('"', end + 1);
        }
    }
    for (const std::string& child : children) {
        remove_all(path + "/" + child);
    }
    ask(request_of(wire::RemoveRequest{path, any}));
}

}  // namespace leasehold::differential
