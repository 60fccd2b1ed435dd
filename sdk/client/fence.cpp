#include <leasehold/fence.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace leasehold {
namespace {

result<Multi> checks_of(bool is_valid, std::string_view path, std::span<const std::string> nodes) {
    if (!is_valid) {
        return Error(errc::lock_lost, "a write under it would be nobody's").at(path);
    }
    Multi multi;
    for (const std::string& node : nodes) {
        multi.check(node);
    }
    return multi;
}

}  // namespace

FenceGate::FenceGate(std::string lock_path, std::int64_t newest)
    : x_lock_path(std::move(lock_path)), x_newest(newest) {}

result<void> FenceGate::admit(std::string_view lock_path, std::int64_t token) {
    if (lock_path != x_lock_path) {
        return Error(errc::invalid_argument,
                     "a token of " + std::string(lock_path) + " says nothing about this path")
            .at(x_lock_path);
    }
    if (token <= 0) {
        return Error(errc::stale_token,
                     "token " + std::to_string(token) + " is none: who shares a lock may only read")
            .at(x_lock_path);
    }
    if (token < x_newest) {
        return Error(errc::stale_token, "token " + std::to_string(token) + " is older than " +
                                            std::to_string(x_newest) +
                                            ", which has written already")
            .at(x_lock_path);
    }
    x_newest = token;
    return success();
}

result<void> FenceGate::admit(const ScopedLock& lock) {
    const auto paths = lock.paths();
    const bool is_ours = std::find(paths.begin(), paths.end(), x_lock_path) != paths.end();
    return admit(is_ours ? std::string_view(x_lock_path) : lock.path(), lock.token());
}

result<void> FenceGate::admit(const CallContext& context) {
    return admit(context.path(), context.token());
}

result<void> FenceGate::admit(const Leadership& leadership) {
    return admit(leadership.path(), leadership.token());
}

std::string to_sql(const FencedUpdate& update) {
    std::string sql = "update ";
    sql.append(update.table).append(" set ").append(update.set);
    sql.append(", ").append(update.column).append(" = ").append(update.token);
    sql.append(" where (").append(update.where).append(") and ");
    sql.append(update.column).append(" <= ").append(update.token);
    return sql;
}

std::string fence_column_sql(std::string_view column) {
    std::string sql(column);
    sql.append(" bigint not null default 1 check (").append(column).append(" > 0)");
    return sql;
}

result<Multi> fenced_multi(const ScopedLock& lock) {
    if (lock.kind() == LockKind::shared || lock.kind() == LockKind::upgradable) {
        return Error(errc::invalid_argument, "who shares a lock may only read").at(lock.path());
    }
    return checks_of(lock.valid(), lock.path(), lock.nodes());
}

result<Multi> fenced_multi(const Leadership& leadership) {
    const std::array nodes{std::string(leadership.node())};
    return checks_of(leadership.valid(), leadership.path(), nodes);
}

}  // namespace leasehold
