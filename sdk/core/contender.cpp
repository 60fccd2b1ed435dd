#include "sdk/core/contender.hpp"

#include "sdk/core/path.hpp"
#include "sdk/core/record_marks.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

namespace {

/// A container parent may be swept between our making it and our create, so once is not enough;
/// a parent that is gone this often is being deleted on purpose.
constexpr int max_creates = 4;

Error refusal_of_create(wire::ServerError err) {
    switch (err) {
        case wire::ServerError::no_auth:
        case wire::ServerError::auth_failed:
        case wire::ServerError::session_closed_require_auth:
            return {errc::not_permitted,
                    "the server's ACL does not let us create a contender; check the credentials "
                    "and the ACL of the lock path"};
        case wire::ServerError::node_exists:
            // A sequential create can only collide when the counter sticks at its end (3.6+).
            return {errc::sequence_exhausted,
                    "the sequence counter of the lock path is worn out; rotate the path"};
        case wire::ServerError::no_children_for_ephemerals:
            return {errc::invalid_argument,
                    "the lock path is an ephemeral node and cannot have contenders"};
        case wire::ServerError::invalid_acl:
            return {zk_errc::invalid_acl,
                    "the server refuses the ACL; for \"auth\" in it, it has to know us by "
                    "credentials, SASL, or a client certificate that it asks for"};
        case wire::ServerError::not_read_only:
            return {errc::unsupported, "the server is read-only"};
        default: return {static_cast<zk_errc>(err), "the contender's node could not be created"};
    }
}

}  // namespace

std::string_view to_string(ContenderState state) {
    switch (state) {
        case ContenderState::creating: return "creating";
        case ContenderState::uncertain: return "uncertain";
        case ContenderState::listing: return "listing";
        case ContenderState::waiting: return "waiting";
        case ContenderState::first: return "first";
        case ContenderState::held: return "held";
        case ContenderState::ended: return "ended";
    }
    return "unknown";
}

Contender::Contender(ContenderPort& port, std::string_view path, Recipe recipe,
                     std::int64_t session_id, bool watch_own_node)
    : x_port(port),
      x_path(path),
      x_recipe(std::move(recipe)),
      x_session_id(session_id),
      x_watch_own_node(watch_own_node) {}

bool Contender::is_live() const {
    return x_state != ContenderState::ended;
}

bool Contender::knows_queue() const {
    return x_state == ContenderState::waiting || x_state == ContenderState::first ||
           x_state == ContenderState::held;
}

void Contender::create() {
    ++x_creates;
    x_state = ContenderState::creating;
    x_may_exist = true;
    x_own = {};
    x_node = NodeName(x_port.new_prefix());
    x_port.create_and_list();
}

void Contender::on_created(wire::ServerError err, std::string_view created_path,
                           std::int64_t zxid) {
    if (x_state != ContenderState::creating) {
        return;
    }
    if (err == wire::ServerError::ok) {
        const auto name = name_below(x_path, created_path);
        if (!name || !name->starts_with(x_node.prefix()) || zxid <= 0) {
            return end({errc::protocol_error, "the server created another node than asked for"});
        }
        x_was_created = true;
        x_czxid = zxid;
        x_state = ContenderState::listing;
        return adopt_name(*name);
    }
    x_may_exist = false;
    if (err == wire::ServerError::no_node && x_parent_error == wire::ServerError::ok &&
        x_creates < max_creates) {
        // The list that was sent behind this create counts for nothing; the state says so.
        x_port.create_parents();
        return create();
    }
    const bool parent_refused =
        err == wire::ServerError::no_node && x_parent_error != wire::ServerError::ok;
    if (parent_refused && x_parent_error == wire::ServerError::no_node) {
        return end(
            {errc::no_chroot, "the chroot of the connect string does not exist; create it first"});
    }
    end(refusal_of_create(parent_refused ? x_parent_error : err));
}

void Contender::on_parent_failed(wire::ServerError err) {
    x_parent_error = err;
}

void Contender::adopt_name(std::string_view name) {
    const auto sequence = sequence_of(name);
    const bool is_ours_with_a_number =
        sequence && (*sequence < 0 || name.size() == x_node.prefix().size() + 10);
    if (!is_ours_with_a_number) {
        return end({errc::protocol_error, "the server's name for our node has no number"});
    }
    x_node.learn(name);
    x_own = {*sequence, x_node.text()};
    if (*sequence < 0 || *sequence > max_sequence) {
        end({errc::sequence_exhausted,
             "the sequence counter of the lock path is worn out; rotate the path"});
    }
}

void Contender::on_listed(std::error_code failure, std::span<const std::string_view> children) {
    if (x_state != ContenderState::listing && x_state != ContenderState::uncertain) {
        return;  // the list behind a failed create, or one that a reconnect has overtaken
    }
    if (failure == make_error_code(zk_errc::no_node) && x_state == ContenderState::uncertain) {
        return read_queue({});  // no parent, so no node of ours
    }
    if (failure) {
        return end({failure, {.what = "the contenders of the lock path could not be listed"}});
    }
    read_queue(children);
}

void Contender::read_queue(std::span<const std::string_view> children) {
    Listing listing = read_listing(children);
    x_company = listing;
    if (x_state == ContenderState::uncertain) {
        resolve_create(listing);
        if (x_state != ContenderState::listing) {
            return;
        }
    }
    if (listing.is_exhausted) {
        return end({errc::sequence_exhausted,
                    "a contender's number is outside 0..2147000000; rotate the lock path"});
    }
    if (!std::binary_search(listing.queue.begin(), listing.queue.end(), x_own)) {
        return end({errc::lock_lost, "our node is not among the contenders: somebody deleted it"});
    }
    // Before it is asked who is in the way: whoever looks for more only if nobody is must not be
    // kept from it by one that is not.
    const auto passed =
        std::remove_if(listing.queue.begin(), listing.queue.end(),
                       [this](const Contestant& other) { return x_passed.contains(other.name); });
    listing.queue.erase(passed, listing.queue.end());
    x_ahead = x_recipe.blockers(x_own, listing);
    own_names_of_ahead();
    x_may_be_joined = x_recipe.may_be_joined_ahead(x_own, listing);
    x_had_to_queue |= blockers() != 0;
    x_watch_own_node |= x_had_to_queue;
    wait_or_run();
    if (is_live() && x_watch_own_node) {
        watch_own();
    }
}

/// The list they were read from does not last.
void Contender::own_names_of_ahead() {
    x_ahead_names.clear();
    for (const Contestant& each : x_ahead) {
        x_ahead_names += each.name;
    }
    std::string_view rest = x_ahead_names;
    for (Contestant& each : x_ahead) {
        each.name = rest.substr(0, each.name.size());
        rest.remove_prefix(each.name.size());
    }
}

/// After the barrier the list is the truth about the lost create: our prefix is there, or never.
void Contender::resolve_create(const Listing& listing) {
    const auto has_our_prefix = [&](const Contestant& other) {
        return other.name.starts_with(x_node.prefix());
    };
    const auto& queue = listing.queue;
    const auto ours = std::find_if(queue.begin(), queue.end(), has_our_prefix);
    if (std::count_if(queue.begin(), queue.end(), has_our_prefix) > 1) {
        return end({errc::lock_lost, "somebody has made nodes under our node's name"});
    }
    if (ours != queue.end()) {
        x_was_created = true;
        x_state = ContenderState::listing;
        return adopt_name(ours->name);
    }
    x_may_exist = false;
    if (x_was_created || x_creates >= max_creates) {
        return end({errc::lock_lost, "our node is gone: somebody deleted it"});
    }
    create();
}

/// Sound without reading the list again, because every lower node that is still alive was in a list
/// read after our own create; but see `may_be_joined_ahead`.
void Contender::wait_or_run() {
    if (blockers() != 0) {
        x_state = ContenderState::waiting;
        return watch_ahead();
    }
    for (const std::string& name : std::exchange(x_watched, {})) {
        x_port.unwatch(name);
    }
    // The token of a create whose reply was lost comes with the read of our own node.
    x_state = x_czxid != 0 ? ContenderState::first : ContenderState::waiting;
}

void Contender::watch_ahead() {
    const auto names = x_recipe.to_watch(x_ahead, x_ahead.back().name == x_running);
    for (const std::string& name : names) {
        if (x_watched.insert(name).second) {
            x_port.watch(name);
        }
    }
}

void Contender::watch_own() {
    if (!x_own_watched) {
        x_own_watched = true;
        x_port.watch(x_own.name);
    }
}

void Contender::on_node(std::string_view name, wire::ServerError err,
                        const wire::GetDataReply& node) {
    if (!is_live()) {
        return;
    }
    if (err != wire::ServerError::ok) {
        return end({static_cast<zk_errc>(err), "a contender's node could not be read"});
    }
    if (name != x_own.name) {
        return on_neighbour(name, node.data.value_or(std::string{}));
    }
    if (node.stat.ephemeral_owner != x_session_id || (x_czxid != 0 && node.stat.czxid != x_czxid)) {
        x_may_exist = false;  // whoever made it, it is not ours to delete
        return end({errc::lock_lost, "the node under our name belongs to another session"});
    }
    x_czxid = node.stat.czxid;
    if (x_state == ContenderState::waiting && blockers() == 0) {
        x_state = ContenderState::first;
    }
}

/// The last one ahead of us has got its permit: some before it have gone, unseen by us. Or the
/// nearest that excludes us has become one who shares.
void Contender::on_neighbour(std::string_view name, std::string_view record) {
    x_last_read = name;
    if (x_recipe.passes_shared() && says_shared(name, record)) {
        return pass(name);
    }
    if (!x_recipe.base.empty() && says_waits(name, record, x_own.sequence)) {
        return pass(name);
    }
    if (x_recipe.kind == LockKind::permit && x_state == ContenderState::waiting &&
        !x_ahead.empty() && name == x_ahead.back().name && name != x_running &&
        is_running(record)) {
        x_running = name;
        list_again();
    }
}

/// It never takes back that it shares, so it need not be watched.
void Contender::pass(std::string_view name) {
    x_passed.emplace(name);
    drop(name);
    if (x_watched.erase(std::string(name)) != 0) {
        x_port.unwatch(name);
    }
    if (x_state == ContenderState::waiting) {
        go_on();
    }
}

bool Contender::may_pass() const {
    return x_recipe.passes_shared() && x_state == ContenderState::waiting && x_ahead.size() == 1 &&
           may_say_shared(x_ahead.front().name) && x_last_read != x_ahead.front().name;
}

void Contender::list_again() {
    x_state = ContenderState::listing;
    x_port.list();
}

void Contender::on_deleted(std::string_view name) {
    if (!is_live()) {
        return;
    }
    if (!x_own.name.empty() && name == x_own.name) {
        x_may_exist = false;
        return end({errc::lock_lost, "our node was deleted by somebody else"});
    }
    drop(name);
    x_watched.erase(std::string(name));
    if (x_state != ContenderState::waiting) {
        return;
    }
    go_on();
}

/// Whoever went has most likely waited for those before it, so that they are gone, too: one list
/// says so of all of them.
void Contender::go_on() {
    const bool are_most_gone = x_recipe.kind != LockKind::permit && x_ahead.size() > 1;
    const bool may_be_joined = x_ahead.empty() && x_may_be_joined;
    are_most_gone || may_be_joined ? list_again() : wait_or_run();
}

std::int64_t Contender::upgrade_waited_for() const {
    const bool waits_behind = x_state == ContenderState::waiting && !x_ahead.empty() &&
                              x_ahead.back().sequence > x_own.sequence;
    return waits_behind ? x_ahead.back().sequence : 0;
}

void Contender::drop(std::string_view name) {
    std::erase_if(x_ahead, [&](const Contestant& other) { return other.name == name; });
}

void Contender::on_detached() {
    x_own_watched = false;
    x_watched.clear();
    x_last_read.clear();
    switch (x_state) {
        case ContenderState::creating: x_state = ContenderState::uncertain; break;
        case ContenderState::waiting:
        case ContenderState::first: x_state = ContenderState::listing; break;
        case ContenderState::uncertain:
        case ContenderState::listing:
        case ContenderState::held:
        case ContenderState::ended: break;
    }
}

void Contender::on_attached() {
    // Whoever deleted our node while we were away is noticed by reading it, which also tells the
    // token of a create whose reply was lost.
    x_watch_own_node = true;
    switch (x_state) {
        case ContenderState::uncertain: x_port.list_behind_barrier(); break;
        case ContenderState::listing: x_port.list(); break;
        case ContenderState::held: watch_own(); break;
        case ContenderState::creating:
        case ContenderState::waiting:
        case ContenderState::first:
        case ContenderState::ended: break;
    }
}

void Contender::on_granted() {
    if (x_state == ContenderState::first) {
        x_state = ContenderState::held;
    }
}

void Contender::on_kept_waiting() {
    x_watch_own_node = true;
    if (x_state == ContenderState::waiting || x_state == ContenderState::first) {
        watch_own();
    }
}

void Contender::end(Error failure) {
    x_state = ContenderState::ended;
    x_failure = std::move(failure);
}

}  // namespace leasehold::core
