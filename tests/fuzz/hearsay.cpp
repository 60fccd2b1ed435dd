#include "tests/fuzz/hearsay.hpp"

#include "sdk/core/contender_name.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/watch.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::fuzz {

using wire::Opcode;

namespace {

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

const std::string& path_of(const wire::MultiOpBody& op) {
    return std::visit([](const auto& body) -> const std::string& { return body.path; }, op);
}

}  // namespace

void Hearsay::on_write(const support::EngineDriver::Write& write) {
    x_last_write = write.at;
    if (write.frames.empty()) {
        x_link = nullptr;  // it asks for the version, on a connection without frames
    }
    for (const auto& frame : write.frames) {
        if (frame.op == Opcode::create_session) {
            x_link = write.link;
            x_splitter = wire::FrameSplitter();
            x_is_greeted = false;
        }
        x_asked[frame.xid] = {frame.op, frame.path, frame.body};
    }
}

void Hearsay::on_read(const support::Link* link, std::string_view bytes) {
    if (link == nullptr || link != x_link) {
        return;  // not asked for anything yet
    }
    x_proven = x_last_write;
    x_splitter.feed(bytes);
    for (auto frame = x_splitter.next(); frame && frame.value(); frame = x_splitter.next()) {
        std::exchange(x_is_greeted, true) ? read_frame(*frame.value())
                                          : read_greeting(*frame.value());
    }
}

void Hearsay::on_new_session() {
    x_timeout = x_greeting.timeout;
    x_lists.clear();
    x_gone.clear();
    x_shared.clear();
    x_made.clear();
}

void Hearsay::read_greeting(std::string_view frame) {
    const auto response = wire::decode<wire::ConnectResponse>(frame);
    if (!response || response.value().timeout_ms <= 0 ||
        response.value().read_only.value_or(false) ||
        response.value().password.size() != wire::password_size) {
        return;  // that is no session
    }
    x_greeting = {response.value().session_id,
                  std::chrono::milliseconds{response.value().timeout_ms}};
    x_timeout = std::min(x_timeout, x_greeting.timeout);
}

void Hearsay::read_frame(std::string_view frame) {
    const auto reply = wire::split_reply(frame);
    if (!reply || reply.value().header.xid == wire::ping_xid) {
        return;
    }
    if (reply.value().header.xid == wire::notification_xid) {
        const auto event = wire::decode<wire::WatcherEvent>(reply.value().body);
        if (event && event.value().type == wire::WatchEventType::deleted) {
            x_gone.insert(event.value().path);
        }
        return;
    }
    read_reply(reply.value());
}

void Hearsay::read_reply(const wire::ReplyView& reply) {
    const auto asked = x_asked.find(reply.header.xid);
    if (asked == x_asked.end()) {
        x_is_blind = true;  // it may answer what is asked in this very turn
        return;
    }
    const auto& [op, path, body] = asked->second;
    if (reply.header.err == wire::ServerError::no_node) {
        x_gone.insert(path);
        return;
    }
    if (reply.header.err != wire::ServerError::ok) {
        return;
    }
    if (op == Opcode::get_children) {
        if (const auto list = wire::decode<wire::GetChildrenReply>(reply.body)) {
            x_lists[path].push_back(list.value().children);
        }
    } else if (op == Opcode::get_children2) {
        if (const auto list = wire::decode<wire::GetChildren2Reply>(reply.body)) {
            x_lists[path].push_back(list.value().children);
        }
    } else if (op == Opcode::create) {
        if (const auto node = wire::decode<wire::CreateReply>(reply.body)) {
            made(node.value().path, reply.header.zxid);
        }
    } else if (op == Opcode::get_data) {
        if (const auto node = wire::decode<wire::GetDataReply>(reply.body)) {
            const wire::Stat& stat = node.value().stat;
            if (stat.ephemeral_owner == x_greeting.session) {
                made(path, stat.czxid);
            }
            if (core::says_shared(name_of(path), node.value().data.value_or(""))) {
                x_shared.insert(path);
            }
        }
    } else if (op == Opcode::remove) {
        x_gone.insert(path);
    } else if (op == Opcode::multi) {
        read_multi(reply, body);
    }
}

void Hearsay::read_multi(const wire::ReplyView& reply, std::string_view request) {
    const auto asked = wire::decode<wire::MultiRequest>(request);
    const auto answer = wire::decode<wire::MultiReply>(reply.body);
    if (!asked || !answer) {
        return;
    }
    for (const wire::MultiOp& op : asked.value().ops) {
        if (op.type() == Opcode::remove) {
            x_gone.insert(path_of(op.body));  // or it failed because one of them is
        }
    }
    for (const wire::MultiResult& each : answer.value().results) {
        if (const auto* node = std::get_if<wire::CreateReply>(&each.body)) {
            made(node->path, reply.header.zxid);
        } else if (const auto* node2 = std::get_if<wire::Create2Reply>(&each.body)) {
            made(node2->path, reply.header.zxid);
        }
    }
}

void Hearsay::made(const std::string& path, std::int64_t zxid) {
    x_made[path].insert(zxid);
}

bool Hearsay::implies(const core::Recipe& recipe, const std::string& node) const {
    const std::size_t slash = node.rfind('/');
    const std::string parent = node.substr(0, slash);
    const std::string own = node.substr(slash + 1);
    const auto number = core::sequence_of(own);
    const auto lists = x_lists.find(parent);
    if (!number || lists == x_lists.end()) {
        return false;
    }
    const auto is_in_our_way = [&](const std::string& name) {
        const auto other = core::sequence_of(name);
        const std::string path = core::child(parent, name);
        return other && *other <= *number && name != own && recipe.counts(name) &&
               !x_gone.contains(path) && !(recipe.passes_shared() && x_shared.contains(path));
    };
    return std::any_of(
        lists->second.begin(), lists->second.end(), [&](const std::vector<std::string>& list) {
            const auto ahead = std::count_if(list.begin(), list.end(), is_in_our_way);
            return std::find(list.begin(), list.end(), own) != list.end() &&
                   recipe.excess(static_cast<std::size_t>(ahead)) == 0;
        });
}

bool Hearsay::is_ours(const std::string& node, std::int64_t zxid) const {
    const auto found = x_made.find(node);
    return found != x_made.end() && found->second.contains(zxid);
}

Instant Hearsay::most_safe_deadline(double clock_drift) const {
    const auto usable =
        static_cast<std::int64_t>(static_cast<double>(x_timeout.count()) * (1.0 - clock_drift));
    return core::later(x_proven, Duration{usable});
}

}  // namespace leasehold::fuzz
