// An upgradable holder, what becomes of it, and readers of another client, for histories that are
// made by hand.
#pragma once

#include "tests/sim/observer_bench.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::sim {

/// The first client holds `base`, whose transaction is 7, and is alone by `alone`.
class UpgradeObserverTest : public ObserverTest {
protected:
    std::shared_ptr<core::Lease> take() {
        ask(first, 1, 500ms, {.is_shared = true, .is_upgradable = true});
        observer->on_node_created(at(900ms), base, first_session, 7);
        auto lease = grant(first, 1, 1s, 11s, 0, base);
        lease->kind = LockKind::upgradable;
        return lease;
    }
    void ask_to_upgrade(Duration when, Duration wait = 5s, OperationId id = 2) {
        observer->on_upgrade_asked(at(when), first, id, 1, wait);
    }
    void make_alone(Duration when) {
        observer->on_node_created(at(when), alone, first_session, 11);
    }
    /// Asked for, and the second node made.
    void begin(Duration when, Duration wait = 5s) {
        ask_to_upgrade(when, wait);
        make_alone(when);
    }
    void answer(Duration when, OperationId id = 2) {
        observer->on_upgraded(at(when), first, {id, std::nullopt});
        observer->check(at(when));
    }
    void upgrade(const std::shared_ptr<core::Lease>& lease, Duration when,
                 std::int64_t token = 7 * 64 + 1) {
        lease->be_alone(token);
        answer(when);
    }
    void refuse(Duration when) {
        observer->on_upgraded(at(when), first, {2, core::Refusal{.code = errc::wait_expired}});
        observer->check(at(when));
    }
    void remove(const std::string& node, Duration when, ClientNumber who = first) {
        observer->on_delete_written(at(when), who, node);
        observer->on_node_deleted(at(when), node, who == first ? first_session : second_session);
    }
    void downgrade(const std::shared_ptr<core::Lease>& lease, Duration when, OperationId id) {
        observer->on_downgrade_asked(at(when), first, id, 1);
        lease->share(LockKind::upgradable);
        observer->check(at(when));
    }
    void confirm(Duration when, OperationId id) {
        observer->on_downgraded(at(when), first, id, success());
    }

    // ---- the second client's readers ----

    void come(const std::string& reader, OperationId id, Duration when) {
        ask(second, id, when, {.is_shared = true});
        observer->on_node_created(at(when), reader, second_session, transaction++);
    }
    std::shared_ptr<core::Lease> share(const std::string& reader, OperationId id, Duration when) {
        come(reader, id, when);
        return grant(second, id, when, when + 8s, 0, reader);
    }
    void leave(const std::shared_ptr<core::Lease>& lease, OperationId id, Duration when) {
        end(lease, when, Loss::released, second, id);
        remove(lease->node(), when, second);
        observer->on_node_gone(at(when), second, id);
    }
    /// Writes into its record that it waits for this number.
    void say_waits(const std::string& reader, Duration when, const std::string& number) {
        observer->on_data_set(at(when), reader, "record" + ("b\x01" + number), second_session);
    }
    void look(Duration when) {
        observer->check_progress(at(when), std::vector<Condition>(2, Condition::calm), 1s);
    }

    std::int64_t transaction = 20;  ///< what is made by one and the same is a set
    const std::string ahead = "/a/00000000000000b1-__READ__0000000001";
    const std::string base = "/a/00000000000000a1-up-__READ__0000000002";
    const std::string writer = "/a/00000000000000b2-__WRIT__0000000003";
    const std::string behind = "/a/00000000000000b3-__READ__0000000004";
    const std::string alone = "/a/00000000000000a1-w1-__WRIT__0000000005";
    const std::string late = "/a/00000000000000b4-__READ__0000000006";
    const std::string alone_again = "/a/00000000000000a1-w2-__WRIT__0000000007";
};

}  // namespace leasehold::sim
