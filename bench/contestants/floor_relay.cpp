// A lock that goes round between bare sessions as fast as it can: who holds it deletes its node and
// queues anew in one write, and who is told of that holds it.
#include "bench/contestants/floor.hpp"
#include "sdk/wire/archive.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"

#include <deque>
#include <memory>
#include <poll.h>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::bench::floor {

namespace {

// Names begin alike, so their order is that of their numbers.
std::string predecessor_in(std::string_view list, std::string_view own) {
    const auto children = wire::decode<wire::GetChildrenReply>(list);
    if (!children) {
        give_up("floor: no list of children");
    }
    std::string nearest;
    for (const std::string& each : children.value().children) {
        if (each < own && each > nearest) {
            nearest = each;
        }
    }
    return nearest;
}

struct Member {
    Member(std::uint16_t port, const std::string& path) : session(port), frames(path) {}

    BareSession session;
    LockFrames frames;
    std::string own{};  // the body of the create's reply, which is its path on the wire
    std::string release{};
};

class Relay {
public:
    Relay(std::uint16_t port, std::string path, int sessions) : x_path(std::move(path)) {
        for (int left = sessions; left > 0; --left) {
            x_members.push_back(std::make_unique<Member>(port, x_path));
            x_polled.push_back({x_members.back()->session.descriptor(), POLLIN, 0});
        }
        x_members.front()->session.make(x_path);
    }

    /// Seconds for that many grants.
    double run(int count) {
        for (const auto& member : x_members) {
            member->session.write(member->frames.acquire());
        }
        const auto begin = Clock::now();
        while (x_grants < count) {
            if (::poll(x_polled.data(), x_polled.size(), -1) < 0) {
                give_up("floor: poll failed");
            }
            for (std::size_t i = 0; i < x_polled.size(); ++i) {
                if (x_polled[i].revents != 0) {
                    take_all(*x_members[i]);
                }
            }
        }
        return microseconds(Clock::now() - begin) / 1e6;
    }

private:
    void take_all(Member& member) {
        do {
            take(member, member.session.read());
        } while (member.session.has_more());
    }

    // By the numbers that its frames have.
    void take(Member& member, std::string_view frame) {
        const auto reply = wire::split_reply(frame);
        if (!reply) {
            give_up("floor: no reply");
        }
        const auto [header, body] = reply.value();
        switch (header.xid) {
            case wire::notification_xid: return hand_on(member);
            case LockFrames::create_xid:
                member.own = body;
                member.release = member.frames.release(body);
                return;
            case LockFrames::children_xid: return look(member, body);
            case LockFrames::watch_xid:
                if (header.err == wire::ServerError::no_node) {
                    hand_on(member);
                }
                return;
            default: return;
        }
    }

    void look(Member& member, std::string_view list) {
        const std::string_view own = std::string_view(member.own).substr(member.own.rfind('/') + 1);
        const std::string nearest = predecessor_in(list, own);
        if (nearest.empty()) {
            return hand_on(member);
        }
        member.session.write(LockFrames::watch(x_path + "/" + nearest));
    }

    void hand_on(Member& member) {
        ++x_grants;
        member.session.write(member.release + member.frames.acquire());
    }

    const std::string x_path;
    std::vector<std::unique_ptr<Member>> x_members;
    std::vector<pollfd> x_polled;
    int x_grants = 0;
};

}  // namespace

Command relay(std::uint16_t port) {
    return [port](std::istream& words) -> nlohmann::json {
        const auto path = next<std::string>(words);
        const int sessions = next<int>(words);
        const int count = next<int>(words);
        return {{"seconds", Relay(port, path, sessions).run(count)}};
    };
}

}  // namespace leasehold::bench::floor
