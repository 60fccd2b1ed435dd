#include "tests/differential/transcript.hpp"

#include "sdk/wire/auth.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/record.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

namespace leasehold::differential {

namespace {

/// Writes any record of the codec, field by field.
class Printer {
public:
    explicit Printer(const Transcript& names) : x_names(names) {}

    std::string text;

    void print(bool value) { add(value ? "true" : "false"); }
    void print(std::int32_t value) { add(std::to_string(value)); }
    void print(std::int64_t value) { add(std::to_string(value)); }
    void print(const std::string& value) {
        add('"' + (value.size() > 80 ? std::to_string(value.size()) + " bytes" : value) + '"');
    }
    template <class T>
        requires std::is_enum_v<T>
    void print(T value) { print(static_cast<std::int32_t>(value)); }
    template <class T>
    void print(const std::optional<T>& value) {
        value ? print(*value) : add("null");
    }
    void print(std::vector<std::string> names) {
        std::sort(names.begin(), names.end());
        print_all(names);
    }
    template <class T>
    void print(const std::vector<T>& list) {
        print_all(list);
    }
    void print(const wire::Stat& stat) {
        add("{c" + x_names.zxid(stat.czxid) + " m" + x_names.zxid(stat.mzxid) + " p" +
            x_names.zxid(stat.pzxid) + " times " + (stat.ctime > 0 ? "set" : "unset") +
            (stat.mtime >= stat.ctime ? "" : " out of order") + " v" +
            std::to_string(stat.version) + " cv" + std::to_string(stat.cversion) + " av" +
            std::to_string(stat.aversion) + " owner " + x_names.session(stat.ephemeral_owner) +
            " length " + std::to_string(stat.data_length) + " children " +
            std::to_string(stat.num_children) + "}");
    }
    void print(const wire::MultiReply& reply) {
        for (const wire::MultiResult& result : reply.results) {
            add("[" + std::to_string(static_cast<int>(result.type())));
            std::visit([this](const auto& body) { print(body); }, result.body);
            add("]");
        }
    }
    template <wire::Record X>
    void print(const X& record) {
        X::fields(record, [&](const auto&... field) { (print(field), ...); });
    }

private:
    void add(const std::string& word) { text += " " + word; }
    template <class T>
    void print_all(const std::vector<T>& list) {
        add("(");
        for (const T& each : list) {
            print(each);
        }
        add(")");
    }

    const Transcript& x_names;
};

template <class Body>
std::string body_text(const Transcript& names, std::string_view bytes) {
    const auto body = wire::decode<Body>(bytes);
    if (!body) {
        return " undecodable: " + std::string(wire::describe(body.error()));
    }
    Printer printer(names);
    printer.print(body.value());
    return printer.text;
}

std::string body_of(const Transcript& names, wire::Opcode op, std::string_view bytes) {
    using wire::Opcode;
    switch (op) {
        case Opcode::create: return body_text<wire::CreateReply>(names, bytes);
        case Opcode::create2:
        case Opcode::create_container:
        case Opcode::create_ttl: return body_text<wire::Create2Reply>(names, bytes);
        case Opcode::exists: return body_text<wire::ExistsReply>(names, bytes);
        case Opcode::get_data: return body_text<wire::GetDataReply>(names, bytes);
        case Opcode::set_data: return body_text<wire::SetDataReply>(names, bytes);
        case Opcode::get_acl: return body_text<wire::GetAclReply>(names, bytes);
        case Opcode::set_acl: return body_text<wire::SetAclReply>(names, bytes);
        case Opcode::get_children: return body_text<wire::GetChildrenReply>(names, bytes);
        case Opcode::get_children2: return body_text<wire::GetChildren2Reply>(names, bytes);
        case Opcode::get_ephemerals: return body_text<wire::GetEphemeralsReply>(names, bytes);
        case Opcode::get_all_children_number:
            return body_text<wire::GetAllChildrenNumberReply>(names, bytes);
        case Opcode::sync: return body_text<wire::SyncReply>(names, bytes);
        case Opcode::multi:
        case Opcode::multi_read: return body_text<wire::MultiReply>(names, bytes);
        case Opcode::add_watch: return body_text<wire::AddWatchReply>(names, bytes);
        case Opcode::who_am_i: return body_text<wire::WhoAmIReply>(names, bytes);
        default: return body_text<wire::EmptyReply>(names, bytes);
    }
}

}  // namespace

std::string Transcript::zxid(std::int64_t absolute) const {
    return absolute <= 0 ? std::to_string(absolute) : "+" + std::to_string(absolute - x_base);
}

std::string Transcript::session(std::int64_t id) const {
    const auto found = x_sessions.find(id);
    return found != x_sessions.end() ? found->second : id == 0 ? "none" : "unknown";
}

std::string Transcript::connect(const wire::ConnectResponse& response) const {
    return "connected: timeout " + std::to_string(response.timeout_ms) + " session " +
           session(response.session_id) + " password of " +
           std::to_string(response.password.size()) +
           (response.read_only ? *response.read_only ? " read-only" : " read-write" : "");
}

std::string Transcript::reply(wire::Opcode op, std::string_view frame) const {
    const auto reply = wire::split_reply(frame);
    if (!reply) {
        return "a frame that is no reply";
    }
    const wire::ReplyHeader& header = reply.value().header;
    std::string text = std::string(wire::name_of(op)) + ": zxid " + zxid(header.zxid) + " err " +
                       std::to_string(static_cast<int>(header.err));
    if (header.err == wire::ServerError::ok) {
        return text + body_of(*this, op, reply.value().body);
    }
    return reply.value().body.empty() ? text : text + " and a body";
}

std::string Transcript::event(std::string_view frame) const {
    const auto reply = wire::split_reply(frame);
    return "event: zxid " + zxid(reply.value().header.zxid) +
           body_text<wire::WatcherEvent>(*this, reply.value().body);
}

}  // namespace leasehold::differential
