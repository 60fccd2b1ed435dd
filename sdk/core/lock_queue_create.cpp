// How a lock queue's nodes come to be: one by itself, several in one transaction, and the paths
// that they stand on.
#include "sdk/core/lock_queue.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

namespace {

/// "/a", "/a/b", … "/a/b/c" below the chroot.
std::vector<std::string> with_ancestors(const std::string& path, std::size_t chroot_length) {
    std::vector<std::string> paths;
    for (std::size_t slash = path.find('/', chroot_length + 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        paths.push_back(path.substr(0, slash));
    }
    paths.push_back(path);
    return paths;
}

/// What became of one create, or of several in one transaction.
struct Creation {
    wire::ServerError err = wire::ServerError::ok;
    std::size_t culprit = 0;     ///< which of them failed; those before it would have worked
    wire::MultiReply several{};  ///< what the paths are in; that of one is in the response
    boost::container::small_vector<std::string_view, 1> paths{};  ///< empty: the server is silent
};

void read_several(Creation& made, const Response& response) {
    auto reply = wire::decode<wire::MultiReply>(response.body);
    const std::size_t count = made.paths.size();
    if (!reply || reply.value().results.size() != count) {
        return;
    }
    made.several = std::move(reply.value());
    for (std::size_t i = 0; i < count; ++i) {
        const auto& body = made.several.results[i].body;
        if (const auto* created = std::get_if<wire::CreateReply>(&body)) {
            made.paths[i] = created->path;
        } else if (const auto* failed = std::get_if<wire::MultiError>(&body);
                   failed != nullptr && failed->err != wire::ServerError::ok) {
            made.err = failed->err;
            made.culprit = i;
            return made.paths.assign(count, {});
        }
    }
}

Creation read_creation(const Response& response, std::size_t count) {
    Creation made{.err = response.err};
    made.paths.resize(count);
    if (response.ok() && count == 1) {
        if (const auto reply = wire::decode<wire::CreatedView>(response.body)) {
            made.paths.front() = reply.value().path;
        }
    } else if (response.ok()) {
        read_several(made, response);
    }
    return made;
}

}  // namespace

std::string LockQueue::new_prefix() {
    const Naming naming = x_spec->options.naming;
    const Recipe& recipe = x_spec->recipe;
    return x_is_upgrade ? upgrade_prefix(naming, recipe.base, x_spec->attempt)
                        : contender_prefix(naming, recipe.kind, x_context.random.hex16().text());
}

void LockQueue::create_and_list(Member& member) {
    member.is_asked = true;
    if (std::all_of(x_members.begin(), x_members.end(),
                    [](const Member& each) { return each.is_asked; })) {
        send_creates();
    }
}

/// One transaction number for all nodes is one order over all paths, which keeps sets from waiting
/// for each other in a circle.
void LockQueue::send_creates() {
    const std::uint64_t first_create = x_context.reaper.number_creates(x_members.size());
    if (x_members.size() == 1) {
        const Member& member = x_members.front();
        const wire::CreateView request{.path = {member.path, member.contender->prefix()},
                                       .data = x_spec->record,
                                       .acls = x_spec->acl.entries(),
                                       .flags = wire::CreateMode::ephemeral_sequential};
        x_context.session.send(x_now, request, for_created(first_create));
    } else {
        wire::MultiRequest creates;
        for (const Member& member : x_members) {
            creates.ops.push_back({create_request(member)});
        }
        x_context.session.send(x_now, creates, for_created(first_create));
    }
    for (std::size_t i = 0; i < x_members.size(); ++i) {
        x_members[i].is_asked = false;
        x_members[i].create = first_create + i;
        send_list(x_members[i]);
    }
    if (x_spec->recipe.kind == LockKind::permit) {
        read_limit();
    }
}

/// As a part of a transaction.
wire::CreateRequest LockQueue::create_request(const Member& member) const {
    wire::CreateRequest request;
    request.path = member.full(member.contender->prefix());
    request.data = x_spec->record;
    request.acls = x_spec->acl.entries();
    request.flags = wire::CreateMode::ephemeral_sequential;
    return request;
}

/// The answer is the contenders', or the reaper's if they were given up before it came.
ResponseHandler LockQueue::for_created(std::uint64_t first_create) {
    return [weak = weak_from_this(), serial = x_serial, first_create, count = x_members.size(),
            &reaper = x_context.reaper](Instant now, const Response& response) {
        const auto self = weak.lock();
        if (self && self->x_serial == serial && self->has_contenders()) {
            return self->for_contender([](LockQueue& queue, const Response& answer) {
                queue.on_created(answer);
            })(now, response);
        }
        if (!response.failure) {
            const Creation made = read_creation(response, count);
            for (std::size_t i = 0; i < count; ++i) {
                reaper.on_created(now, first_create + i, made.err, made.paths[i]);
            }
        }
    };
}

void LockQueue::on_created(const Response& response) {
    const Creation made = read_creation(response, x_members.size());
    const bool concerns_all =
        made.err == wire::ServerError::ok || made.err == wire::ServerError::no_node;
    for (std::size_t i = 0; i < x_members.size(); ++i) {
        Member& member = x_members[i];
        member.has_path = made.err == wire::ServerError::no_node && i < made.culprit;
        if (concerns_all || i == made.culprit) {
            member.contender->on_created(made.err, made.paths[i], response.zxid);
        } else {
            member.contender->on_rolled_back();
        }
    }
}

/// With the contender's own ACL: whoever may delete below the path could end every hold of it.
void LockQueue::create_parents(Member& member) {
    if (std::exchange(member.has_path, false)) {
        return;
    }
    const bool has_containers = x_context.session.server_version().has_containers();
    const std::string& chroot = x_context.settings.servers.chroot;
    bool is_below_chroot = !chroot.empty();  // only what is made first can miss its parent
    const Recipe recipe = x_spec->recipe;
    for (std::string& path : with_ancestors(member.path, chroot.size())) {
        const bool says_limit = recipe.kind == LockKind::permit && path == member.path;
        const std::string data = says_limit ? std::to_string(recipe.permits) : std::string{};
        auto on_answer =
            for_contender([&member, tells_chroot = std::exchange(is_below_chroot, false)](
                              LockQueue&, const Response& response) {
                const bool is_missing = response.err == wire::ServerError::no_node;
                if (!response.ok() && response.err != wire::ServerError::node_exists &&
                    (!is_missing || tells_chroot)) {
                    member.contender->on_parent_failed(response.err);
                }
            });
        if (has_containers) {
            wire::CreateContainerRequest request;
            request.path = std::move(path);
            request.data = data;
            request.acls = x_spec->acl.entries();
            request.flags = wire::CreateMode::container;
            x_context.session.send(x_now, request, std::move(on_answer));
        } else {
            wire::CreateRequest request;
            request.path = std::move(path);
            request.data = data;
            request.acls = x_spec->acl.entries();
            x_context.session.send(x_now, request, std::move(on_answer));
        }
    }
}

}  // namespace leasehold::core
