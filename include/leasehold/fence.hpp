// What a resource needs to refuse the writes of those who have lost their lock: a gate for its own
// code, the same gate in SQL, and writes to znodes that happen only while the lock stands.
//
// A lock says who may begin; what arrives late, only the resource itself can refuse.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/guard.hpp>
#include <leasehold/leadership.hpp>
#include <leasehold/lock.hpp>
#include <leasehold/zookeeper.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold {

/// The newest fencing token that a resource has seen of one lock path, and the refusal of all that
/// are older.
///
/// Keep it beside the data that it guards, and as durably as that: one that forgets lets everybody
/// in. Tokens of different paths are in no order, hence the path.
///
/// Thread safety: none. The check and the write it allows have to be one step, so whatever guards
/// the data guards the gate.
class FenceGate {
public:
    /// `newest` is what was stored when the resource was last in use.
    explicit FenceGate(std::string lock_path, std::int64_t newest = 0);

    /// Lets a write pass, and remembers its token. The same token passes again: a hold may write as
    /// often as it likes.
    /// Errors: stale_token (older than the newest; or 0 and below, which nobody who may write has),
    /// invalid_argument (a lock on another path). The gate is then as it was.
    [[nodiscard]] result<void> admit(std::string_view lock_path, std::int64_t token);
    /// The same for a holder in this process; of a set, any of its paths counts. Whether the lock
    /// is valid is not asked: a gate goes by tokens alone, as one in another process has to.
    [[nodiscard]] result<void> admit(const ScopedLock& lock);
    [[nodiscard]] result<void> admit(const CallContext& context);
    [[nodiscard]] result<void> admit(const Leadership& leadership);

    [[nodiscard]] const std::string& lock_path() const noexcept { return x_lock_path; }
    [[nodiscard]] std::int64_t newest() const noexcept { return x_newest; }

private:
    std::string x_lock_path;
    std::int64_t x_newest;
};

/// The same gate as a column of a table, one token per row:
///
///     to_sql(FencedUpdate{.table = "orders", .set = "state = $2", .where = "id = $1",
///                         .token = "$3"})
///
/// is `update orders set state = $2, fence = $3 where (id = $1) and fence <= $3`. It changed no
/// row: the token is stale, or there is no such row. PostgreSQL (READ COMMITTED, its default) looks
/// at `fence` again after it has waited for another writer of the row; at stricter levels that ends
/// in a serialization failure instead. Either way an older token never overwrites a newer one.
///
/// All members are pieces of SQL, written by the programmer; values come as parameters. `token` is
/// used twice, so it needs a name or a number of its own (`$3`, `:token`, not `?`).
struct FencedUpdate {
    std::string_view table;
    std::string_view set;
    std::string_view where;
    std::string_view token;
    std::string_view column = "fence";
};

[[nodiscard]] std::string to_sql(const FencedUpdate& update);

/// What `create table` and `alter table … add column` need for it. The default is below every token
/// and above what those say who have none (0).
[[nodiscard]] std::string fence_column_sql(std::string_view column = "fence");

/// Writes to znodes that the server carries out, all together, only if the lock's own nodes still
/// stand at that moment: nothing has to be stored, and nobody can be late. Add the writes and hand
/// it to ZooKeeper::multi of the same client. Refused by the server, the answer is zk_errc::no_node
/// with the path of one of `lock.nodes()`.
///
/// Hand it over before the handle is released: the next holder in the same process may be given the
/// same node. Of an upgraded lock the node that was there before the upgrade counts.
/// Errors: lock_lost (it has ended already), invalid_argument (it is shared, or upgradable: those
/// who share do not write).
[[nodiscard]] result<Multi> fenced_multi(const ScopedLock& lock);
[[nodiscard]] result<Multi> fenced_multi(const Leadership& leadership);

}  // namespace leasehold
