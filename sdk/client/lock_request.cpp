#include "sdk/client/lock_request.hpp"

#include "sdk/client/contender_record.hpp"
#include "sdk/core/lease_table.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/core/text.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace leasehold::detail {
namespace {

constexpr std::size_t longest_label = 256;
constexpr std::size_t longest_payload = 1024;
constexpr std::size_t most_acl_entries = 256;
constexpr std::size_t longest_acl_id = 4096;
constexpr int most_local_grants = 64;
constexpr milliseconds longest_keep = std::chrono::hours{1};
constexpr std::size_t most_paths = 64;

Error invalid(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

result<void> check_durations(const LockOptions& options) {
    const milliseconds zero{0};
    if (options.wait < zero) {
        return invalid("wait is negative; 0 tries once");
    }
    if (options.budget <= zero) {
        return invalid("budget must be positive");
    }
    if (options.reserve >= options.budget) {
        return invalid("reserve leaves nothing of the budget");
    }
    if (options.lock_delay < zero || options.lock_delay > core::longest_lock_delay) {
        return invalid("lock_delay is outside 0..60 s");
    }
    if (options.keep_idle < zero || options.keep_idle > longest_keep) {
        return invalid("keep_idle is outside 0..1 h");
    }
    if (options.max_hold < zero ||
        (options.max_hold > zero && options.max_hold <= options.budget)) {
        return invalid("max_hold must exceed the budget, or be 0 for twice of it");
    }
    return success();
}

result<void> check_numbers(const LockOptions& options) {
    if (options.on_budget != OnBudget::release &&
        options.on_budget != OnBudget::hold_until_return) {
        return invalid("on_budget is none of the policies");
    }
    if (options.naming != Naming::curator && options.naming != Naming::curator_read_write &&
        options.naming != Naming::kazoo) {
        return invalid("naming is none of the grammars");
    }
    if (options.permits < 1) {
        return invalid("permits must be at least 1");
    }
    if (options.max_queue < 0) {
        return invalid("max_queue is negative; 0 is no bound");
    }
    if (options.max_local_grants < 1 || options.max_local_grants > most_local_grants) {
        return invalid("max_local_grants is outside 1..64");
    }
    return success();
}

result<void> check_label(std::string_view name, std::string_view text, std::size_t longest) {
    if (text.size() > longest || !core::is_utf8(text)) {
        return invalid(std::string(name) + " must be UTF-8 of at most " + std::to_string(longest) +
                       " bytes");
    }
    return success();
}

}  // namespace

result<std::vector<wire::Acl>> own_acl(std::span<const AclEntry> entries) {
    if (entries.size() > most_acl_entries) {
        return invalid("an ACL has at most 256 entries");
    }
    std::vector<wire::Acl> owned;
    for (const AclEntry& entry : entries) {
        if ((entry.permissions & ~perms::all) != 0) {
            return invalid("an ACL entry has unknown permissions");
        }
        if (entry.scheme.empty() || entry.scheme.size() > longest_label ||
            entry.id.size() > longest_acl_id || !core::is_utf8(entry.scheme) ||
            !core::is_utf8(entry.id)) {
            return invalid("an ACL entry needs a scheme and an id in UTF-8, e.g. \"auth\", \"\"");
        }
        owned.push_back({entry.permissions, std::string(entry.scheme), std::string(entry.id)});
    }
    return owned;
}

namespace {

/// Checks and owns what all kinds have in common.
result<std::shared_ptr<LockRequest>> make_request(std::string_view path, LockKind kind,
                                                  const LockOptions& options,
                                                  LockDefaults defaults) {
    if (!defaults.chroot.empty()) {
        BOOST_OUTCOME_TRYV(core::check_path(path));  // else it is all that is checked below
    }
    BOOST_OUTCOME_TRYV(check_durations(options));
    BOOST_OUTCOME_TRYV(check_numbers(options));
    if (kind == LockKind::permit && options.lock_delay > milliseconds{0}) {
        return invalid("lock_delay is for locks and leadership, not for permits");
    }
    if (kind != LockKind::exclusive && options.keep_idle > milliseconds{0}) {
        return invalid("keep_idle is for exclusive locks");
    }
    BOOST_OUTCOME_TRYV(check_label("owner", options.owner, longest_label));
    BOOST_OUTCOME_TRYV(check_label("trace_id", options.trace_id, longest_label));
    BOOST_OUTCOME_TRY(auto acl, own_acl(options.acl));

    auto made = std::make_shared<LockRequest>();
    LockRequest& request = *made;
    request.spec.path = core::with_chroot(defaults.chroot, path);
    BOOST_OUTCOME_TRYV(core::check_lock_path(request.spec.path));
    request.spec.recipe = {.kind = kind, .permits = options.permits};
    request.spec.options = options;
    request.spec.acl = acl.empty() ? std::move(defaults.acl) : core::SharedAcl(std::move(acl));
    // Nothing of the user's is looked at after this call.
    request.spec.options.acl = {};
    request.spec.options.owner = {};
    request.spec.options.trace_id = {};
    request.terms = {.path = std::string(defaults.chroot.empty() ? std::string_view{} : path),
                     .holds_until_return = options.on_budget == OnBudget::hold_until_return};
    return made;
}

ContenderRecord record_of(const LockOptions& options, const LockDefaults& defaults) {
    return {.owner = std::string(options.owner.empty() ? defaults.owner : options.owner),
            .trace_id = std::string(options.trace_id),
            .lock_delay = options.lock_delay};
}

std::string record_bytes(const ContenderRecord& record, std::string_view identity) {
    return identity.empty() ? encode_record(record) : encode_record(record, identity);
}

/// As the lease table will understand it.
void settle_terms(LockRequest& request) {
    const core::LeaseTerms terms = core::terms_of(request.spec);
    request.terms.budget = terms.budget;
    request.terms.has_budget = !request.spec.is_rolling;
    request.terms.reserve = terms.reserve;
}

result<std::shared_ptr<LockRequest>> make_lock(std::string_view path, LockKind kind,
                                               const LockOptions& options, LockDefaults defaults) {
    ContenderRecord record = record_of(options, defaults);
    record.budget = options.budget;
    const std::string_view identity = defaults.identity;
    BOOST_OUTCOME_TRY(auto request, make_request(path, kind, options, std::move(defaults)));
    request->spec.record = record_bytes(record, identity);
    settle_terms(*request);
    return request;
}

}  // namespace

result<SharedLockRequest> make_lock_request(std::string_view path, LockKind kind,
                                            const LockOptions& options, LockDefaults defaults) {
    BOOST_OUTCOME_TRY(auto request, make_lock(path, kind, options, std::move(defaults)));
    return SharedLockRequest(std::move(request));
}

namespace {

Error not_a_set(std::string_view path, std::string what) {
    return Error(errc::invalid_argument, std::move(what)).at(path);
}

/// Of one path is a lock of its own; of the paths below it their queues would be its contenders.
result<void> check_apart(std::span<const std::string> paths) {
    const std::set<std::string_view> all(paths.begin(), paths.end());
    if (all.size() != paths.size()) {
        const auto twice = std::find_if(paths.begin(), paths.end(), [&](const auto& path) {
            return std::count(paths.begin(), paths.end(), path) > 1;
        });
        return not_a_set(*twice, "the set names this path twice");
    }
    for (const std::string_view path : all) {
        for (std::size_t slash = path.rfind('/'); slash != 0; slash = path.rfind('/', slash - 1)) {
            if (const auto above = all.find(path.substr(0, slash)); above != all.end()) {
                return not_a_set(
                    path, "the set names this path and " + core::escape(*above) + " above it");
            }
        }
    }
    return success();
}

/// What the creates of all nodes take, in one request.
std::size_t size_of_creates(const core::AcquireSpec& spec, std::size_t path_bytes) {
    constexpr std::size_t headers = 32;
    constexpr std::size_t fields = 32;  // of one create: its header, lengths and flags
    std::size_t each = fields + core::longest_contender + spec.record.size();
    for (const wire::Acl& entry : spec.acl.entries()) {
        each += 12 + entry.scheme.size() + entry.id.size();
    }
    return headers + path_bytes + (spec.more_paths.size() + 1) * each;
}

}  // namespace

result<SharedLockRequest> make_set_request(std::span<const std::string> paths,
                                           const LockOptions& options, LockDefaults defaults) {
    if (paths.empty()) {
        return invalid("a set has at least one path");
    }
    if (options.keep_idle > milliseconds{0}) {
        return invalid("keep_idle is for a lock on one path, not for a set");
    }
    if (paths.size() > most_paths) {
        return not_a_set(paths[most_paths], "a set has at most " + std::to_string(most_paths) +
                                                " paths, not " + std::to_string(paths.size()));
    }
    std::size_t path_bytes = 0;
    for (const std::string& path : paths) {
        BOOST_OUTCOME_TRYV(core::check_path(path));
        const std::string full = core::with_chroot(defaults.chroot, path);
        BOOST_OUTCOME_TRYV(core::check_lock_path(full));
        path_bytes += full.size();
    }
    BOOST_OUTCOME_TRYV(check_apart(paths));
    const std::string_view chroot = defaults.chroot;
    BOOST_OUTCOME_TRY(auto request,
                      make_lock(paths.front(), LockKind::exclusive, options, std::move(defaults)));
    for (const std::string& path : paths.subspan(1)) {
        request->spec.more_paths.push_back(core::with_chroot(chroot, path));
    }
    const std::size_t size = size_of_creates(request->spec, path_bytes);
    if (paths.size() > 1 && size > most_request_bytes) {
        return not_a_set(paths.front(),
                         "the set's nodes take " + std::to_string(size) +
                             " bytes in one request, more than a server accepts: fewer paths, or "
                             "a shorter ACL");
    }
    request->terms.set.assign(paths.begin(), paths.end());
    return SharedLockRequest(std::move(request));
}

result<SharedLockRequest> make_candidacy(std::string_view path, const ElectOptions& options,
                                         LockDefaults defaults, milliseconds session_timeout) {
    BOOST_OUTCOME_TRYV(check_label("payload", options.payload, longest_payload));
    const LockOptions as_lock{
        .wait = options.wait,
        .budget = milliseconds::max(),
        .reserve = options.reserve < milliseconds{0}
                       ? std::min(session_timeout / 20, milliseconds{500})
                       : options.reserve,
        .naming = options.naming,
        .lock_delay = options.lock_delay,
        .refuse_hopeless = false,  // a leader's pace says nothing about the next one
        .watch_own_node = true,
        .acl = options.acl,
        .owner = options.owner,
        .trace_id = options.trace_id,
    };
    ContenderRecord record = record_of(as_lock, defaults);
    record.payload = options.payload;
    const std::string_view identity = defaults.identity;
    BOOST_OUTCOME_TRY(auto request,
                      make_request(path, LockKind::exclusive, as_lock, std::move(defaults)));
    request->spec.record = record_bytes(record, identity);
    request->spec.is_rolling = true;
    settle_terms(*request);
    return SharedLockRequest(std::move(request));
}

Error to_error(core::Refusal&& refusal, const std::string& path) {
    ErrorContext context;
    context.what = std::move(refusal.what);
    context.path = path;
    context.holder = describe_record(refusal.holder_record);
    context.holder_node = std::move(refusal.holder_node);
    context.position = refusal.position;
    context.time_left = refusal.time_left;
    return {refusal.code, std::move(context)};
}

}  // namespace leasehold::detail
