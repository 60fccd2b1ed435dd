#include "sdk/client/contenders.hpp"

#include "sdk/client/contender_record.hpp"
#include "sdk/core/contender_name.hpp"
#include "sdk/core/lease.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/recipe.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/core/text.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace leasehold::detail {
namespace {

/// Reads of one listing that are under way at once: enough to hide the round trip, too few to
/// crowd out what else the client does.
constexpr std::size_t most_reads = 64;

using Infos = std::vector<ContenderInfo>;

ContenderKind kind_of(std::string_view name) {
    if (name.find("__lock__") != std::string_view::npos ||
        name.find("__rlock__") != std::string_view::npos) {
        return ContenderKind::kazoo;
    }
    for (const std::string_view text : {"-lock-", "-__WRIT__", "-__READ__", "-lease-"}) {
        if (name.find(text) != std::string_view::npos) {
            return ContenderKind::curator;
        }
    }
    return ContenderKind::other;
}

std::string last_digits(std::int64_t session) {
    char text[8];
    std::snprintf(text, sizeof text, "%04llx", static_cast<unsigned long long>(session) & 0xffff);
    return text;
}

milliseconds age_of(const wire::Stat& stat) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto then = milliseconds{std::max<std::int64_t>(stat.ctime, 0)};
    return std::max(std::chrono::duration_cast<milliseconds>(now) - then, milliseconds{0});
}

/// That of its node's first grant; nothing of a server's that would not fit.
std::int64_t first_token(const wire::Stat& stat) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / core::grants_per_node;
    return stat.czxid > 0 && stat.czxid <= most ? stat.czxid * core::grants_per_node : 0;
}

std::int64_t token_of(const ContenderInfo& info, const wire::Stat& stat) {
    const bool shares =
        info.lock_kind == LockKind::shared || info.lock_kind == LockKind::upgradable;
    return shares ? 0 : first_token(stat);
}

}  // namespace

result<std::string> queue_path(const ClientImpl& impl, std::string_view path) {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    std::string full = core::with_chroot(impl.chroot(), path);
    BOOST_OUTCOME_TRYV(core::check_lock_path(full));
    return full;
}

ContenderInfo contender_info(const core::Contestant& contestant) {
    ContenderInfo info;
    info.node = contestant.name;
    info.sequence = static_cast<std::int32_t>(std::clamp<std::int64_t>(
        contestant.sequence, -1, std::numeric_limits<std::int32_t>::max()));
    info.kind = kind_of(contestant.name);
    info.lock_kind = core::kind_of(contestant.name);
    return info;
}

void describe(ContenderInfo& info, const wire::GetDataReply& node) {
    const std::string data = node.data.value_or("");
    if (core::says_shared(info.node, data)) {
        info.lock_kind = LockKind::shared;
        info.is_downgraded = true;
    }
    info.age = age_of(node.stat);
    info.token = token_of(info, node.stat);
    info.session = node.stat.ephemeral_owner != 0 ? last_digits(node.stat.ephemeral_owner) : "";
    if (const auto record = decode_record(data)) {
        info.owner = core::escape(record->owner);
        info.host = core::escape(record->host);
        info.pid = record->pid;
        info.budget = record->budget;
        info.trace_id = core::escape(record->trace_id);
        info.payload = record->payload;
        info.is_asked = core::is_asked(data);
    } else if (data == core::curator_revocation) {
        info.is_asked = true;
    } else if (info.kind == ContenderKind::curator) {
        info.host = core::escape(data);  // an address
    } else {
        info.owner = core::escape(data);
    }
}

namespace {

constexpr LockKind lock_kinds[] = {LockKind::exclusive, LockKind::shared, LockKind::permit,
                                   LockKind::upgradable};

/// Who waits does so for the nearest of those ahead that count for its kind. `permits`: what the
/// path's own node says; without it nobody can tell which of a semaphore's contenders run.
void settle_holders(Infos& queue, std::optional<int> permits) {
    struct Ahead {
        std::size_t count = 0;
        const std::string* nearest = nullptr;
    };
    std::array<Ahead, std::size(lock_kinds)> ahead_of;  // by the kind of those who look
    for (ContenderInfo& info : queue) {
        const core::Recipe recipe{info.lock_kind, permits.value_or(1)};
        const Ahead& ahead = ahead_of[static_cast<std::size_t>(info.lock_kind)];
        const bool has_to_wait = recipe.excess(ahead.count) > 0;
        const bool is_unknown = info.lock_kind == LockKind::permit && !permits;
        info.is_held = !has_to_wait && !is_unknown;
        info.blocked_by = has_to_wait && !is_unknown ? *ahead.nearest : std::string();
        for (const LockKind kind : lock_kinds) {
            const bool lets_in = info.is_downgraded && kind == LockKind::shared;
            if (core::Recipe{kind}.counts(info.node) && !lets_in) {
                Ahead& of_kind = ahead_of[static_cast<std::size_t>(kind)];
                of_kind = {of_kind.count + 1, &info.node};
            }
        }
    }
}

/// What the records tell of upgradable holders, whose second node is alone with the first one's
/// token, and of those who wait between the two; all by the nodes' names.
struct Upgrades {
    std::vector<std::pair<std::int64_t, std::string>> second_nodes{};  ///< and their numbers
    std::map<std::string, std::int64_t, std::less<>> tokens{};         ///< of the first ones
    std::map<std::string, std::string, std::less<>> waits{};           ///< for which second node
};

void note_upgrades(Upgrades& upgrades, const ContenderInfo& info, const wire::GetDataReply& node) {
    if (info.lock_kind == LockKind::upgradable) {
        upgrades.tokens[info.node] = first_token(node.stat);
    }
    for (const auto& [number, name] : upgrades.second_nodes) {
        if (info.lock_kind == LockKind::shared &&
            core::says_waits(info.node, node.data.value_or(""), number)) {
            upgrades.waits[info.node] = name;
        }
    }
}

void settle_upgrades(Infos& queue, const Upgrades& upgrades) {
    core::Listing listing;
    for (const ContenderInfo& info : queue) {
        if (!upgrades.waits.contains(info.node)) {
            listing.queue.push_back({info.sequence, info.node});
        }
    }
    for (ContenderInfo& info : queue) {
        const auto id = core::upgrade_id(info.node);
        const auto base = id ? upgrades.tokens.lower_bound(*id) : upgrades.tokens.end();
        if (base == upgrades.tokens.end() || !base->first.starts_with(*id)) {
            continue;
        }
        const core::Recipe recipe{.kind = LockKind::exclusive, .base = base->first};
        const auto blockers = recipe.blockers({info.sequence, info.node}, listing);
        info.is_held = blockers.empty();
        info.blocked_by = blockers.empty() ? std::string() : blockers.back().name;
        info.token = base->second;
        for (ContenderInfo& other : queue) {
            const auto waits = upgrades.waits.find(other.node);
            if (waits != upgrades.waits.end() && waits->second == info.node && other.is_held) {
                other.is_held = false;
                other.blocked_by = info.node;
            }
        }
    }
}

/// One listing under way: the names first, then each node's record and, of a semaphore, how many
/// permits there are.
class Listing : public std::enable_shared_from_this<Listing> {
public:
    Listing(std::shared_ptr<ClientImpl> impl, std::string path, std::string full_path)
        : x_impl(std::move(impl)), x_path(std::move(path)), x_full_path(std::move(full_path)) {}

    void begin(core::OperationId id, Sink<Infos> sink) {
        x_sink = std::move(sink);
        x_impl->loop().post_operation([self = shared_from_this(), id](Turn& turn) {
            self->x_deadline =
                core::later(turn.now, core::saturate(self->x_impl->session_timeout()));
            self->list(turn, id);
        });
    }

    void cancel(Turn& turn) { finish(turn, errc::cancelled); }

private:
    template <class Request, class Use>
    void send(Turn& turn, core::OperationId id, const Request& request, Use use) {
        std::string body;
        wire::Writer writer(body);
        wire::encode(writer, request);
        x_reads.push_back(id);
        x_impl->submit(turn, id,
                       {.op = Request::op, .body = std::move(body), .timeout = time_left(turn.now)},
                       [self = shared_from_this(), id, use](Turn& next, result<core::Reply> reply) {
                           std::erase(self->x_reads, id);
                           if (self->x_sink) {
                               use(*self, next, std::move(reply));
                           }
                       });
    }

    [[nodiscard]] Duration time_left(Instant now) const {
        return std::max<Duration>(x_deadline - now, milliseconds{1});
    }

    void list(Turn& turn, core::OperationId id) {
        send(turn, id, wire::GetChildrenRequest{x_full_path, false},
             [](Listing& self, Turn& next, result<core::Reply> reply) {
                 self.on_listed(next, std::move(reply));
             });
    }

    void on_listed(Turn& turn, result<core::Reply> reply) {
        if (!reply) {
            return reply.error() == zk_errc::no_node ? finish(turn, Infos{})
                                                     : finish(turn, std::move(reply).error());
        }
        const auto list = wire::decode<wire::GetChildrenReply>(reply->body);
        if (!list) {
            return finish(turn, errc::protocol_error);
        }
        for (const core::Contestant& each :
             core::read_listing(list.assume_value().children).queue) {
            x_infos.push_back(contender_info(each));
            if (core::upgrade_id(each.name)) {
                x_upgrades.second_nodes.emplace_back(each.sequence, each.name);
            }
        }
        x_is_gone.assign(x_infos.size(), false);
        if (std::any_of(x_infos.begin(), x_infos.end(), [](const ContenderInfo& info) {
                return info.lock_kind == LockKind::permit;
            })) {
            read_limit(turn);
        }
        read_more(turn);
    }

    void read_limit(Turn& turn) {
        send(turn, x_impl->next_id(), wire::GetDataRequest{x_full_path, false},
             [](Listing& self, Turn& next, result<core::Reply> node) {
                 self.on_limit_read(next, std::move(node));
             });
    }

    void on_limit_read(Turn& turn, result<core::Reply> reply) {
        if (reply) {
            const auto node = wire::decode<wire::GetDataReply>(reply->body);
            if (!node) {
                return finish(turn, errc::protocol_error);
            }
            x_permits = core::permits_in(node.assume_value().data.value_or(""));
        } else if (reply.error() != zk_errc::no_node && reply.error() != zk_errc::no_auth) {
            return finish(turn, std::move(reply).error());
        }
        read_more(turn);
    }

    void read_more(Turn& turn) {
        while (x_sink && x_next < x_infos.size() && x_reads.size() < most_reads) {
            const std::size_t place = x_next++;
            send(turn, x_impl->next_id(),
                 wire::GetDataRequest{x_full_path + "/" + x_infos[place].node, false},
                 [place](Listing& self, Turn& next, result<core::Reply> node) {
                     self.on_read(next, place, std::move(node));
                 });
        }
        if (x_sink && x_reads.empty() && x_next == x_infos.size()) {
            finish(turn, collect());
        }
    }

    void on_read(Turn& turn, std::size_t place, result<core::Reply> reply) {
        if (!reply && reply.error() == zk_errc::no_node) {
            x_is_gone[place] = true;  // it left the queue since the list was read
        } else if (!reply && reply.error() != zk_errc::no_auth) {
            return finish(turn, std::move(reply).error());
        } else if (reply) {
            const auto node = wire::decode<wire::GetDataReply>(reply->body);
            if (!node) {
                return finish(turn, errc::protocol_error);
            }
            describe(x_infos[place], node.assume_value());
            note_upgrades(x_upgrades, x_infos[place], node.assume_value());
        }
        read_more(turn);
    }

    [[nodiscard]] Infos collect() {
        Infos present;
        for (std::size_t place = 0; place < x_infos.size(); ++place) {
            if (!x_is_gone[place]) {
                present.push_back(std::move(x_infos[place]));
            }
        }
        settle_holders(present, x_permits);
        settle_upgrades(present, x_upgrades);
        return present;
    }

    void finish(Turn& turn, result<Infos> answer) {
        if (!x_sink) {
            return;
        }
        Sink<Infos> sink = std::exchange(x_sink, {});
        for (const core::OperationId read : std::exchange(x_reads, {})) {
            x_impl->withdraw(turn, read);
        }
        answer ? sink(std::move(answer)) : sink(std::move(answer).error().at(x_path));
    }

    const std::shared_ptr<ClientImpl> x_impl;
    const std::string x_path;
    const std::string x_full_path;
    Sink<Infos> x_sink;  ///< empty once answered
    Instant x_deadline{};
    std::vector<core::OperationId> x_reads;
    Infos x_infos;
    std::vector<bool> x_is_gone;
    std::size_t x_next = 0;
    Upgrades x_upgrades;
    std::optional<int> x_permits;  ///< of a semaphore, if its node says how many
};

}  // namespace

Operation<Infos> contenders_operation(const std::shared_ptr<ClientImpl>& impl,
                                      std::string_view path) {
    auto full = queue_path(*impl, path);
    if (!full) {
        return failed_operation<Infos>(std::move(full).error());
    }
    return course_operation<Infos>(impl,
                                   [impl, given = std::string(path), full = *std::move(full)] {
                                       return std::make_shared<Listing>(impl, given, full);
                                   });
}

}  // namespace leasehold::detail
