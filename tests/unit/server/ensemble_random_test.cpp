// Kills, pauses, cuts and elections at random, under a load of writes: whatever was committed
// stays, in one order, on every server.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

namespace leasehold::server {

namespace {

constexpr Duration tick = milliseconds{200};

class Chaos {
public:
    Chaos(unsigned seed, std::size_t servers)
        : x_random(seed),
          x_bench({.servers = servers,
                   .tick = tick,
                   .sync_limit = 3,
                   .delay = [this](std::size_t,
                                   std::size_t) { return std::chrono::microseconds{roll(5000)}; }}),
          x_replica(std::make_unique<Tree>()) {
        x_bench.ensemble.set_on_commit([this](Instant, const Transaction& transaction) {
            EXPECT_GT(transaction.zxid, x_last_zxid);
            x_last_zxid = transaction.zxid;
            replay(transaction);
        });
        for (std::size_t i = 0; i < 6; ++i) {
            x_clients.push_back(std::make_unique<Client>(x_bench));
        }
    }

    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            if (roll(30) == 0) {
                break_something();
            }
            use(*x_clients[roll(x_clients.size())]);
            x_bench.run_for(milliseconds{roll(20)});
            check_prefixes();
        }
    }

    void heal() {
        for (ServerId id = 0; id < size(); ++id) {
            x_bench.ensemble.set_partitioned(x_bench.now, id, false);
            for (ServerId other = 0; other < id; ++other) {
                x_bench.ensemble.set_linked(x_bench.now, id, other, true);
            }
            x_bench.ensemble.resume(x_bench.now, id);
            x_bench.ensemble.restart(x_bench.now, id);
        }
        x_bench.run_for(seconds{10});
    }

    void check_at_rest() {
        ASSERT_TRUE(x_bench.ensemble.leader());
        for (ServerId id = 0; id < size(); ++id) {
            EXPECT_NE(Role::looking, x_bench.ensemble.role(id)) << "server " << id;
            const Tree& tree = x_bench.ensemble.tree(id);
            EXPECT_EQ(x_replica->size(), tree.size());
            expect_same("/", tree);
        }
        for (const std::string& path : x_acknowledged) {
            EXPECT_TRUE(x_replica->find(path)) << path << " was acknowledged and is lost";
        }
    }

    [[nodiscard]] std::size_t epochs() const { return x_epochs.size(); }
    [[nodiscard]] std::size_t acknowledged() const { return x_acknowledged.size(); }

private:
    std::uint64_t roll(std::uint64_t sides) { return x_random() % sides; }
    [[nodiscard]] std::size_t size() const { return x_bench.ensemble.size(); }

    void replay(const Transaction& transaction) {
        x_epochs.insert(transaction.zxid >> 32U);
        for (const Change& change : transaction.changes) {
            switch (change.kind) {
                case ChangeKind::created: x_replica->create(change, transaction); break;
                case ChangeKind::deleted: x_replica->remove(change.path, transaction.zxid); break;
                case ChangeKind::data_set: x_replica->set_data(change, transaction); break;
                case ChangeKind::acl_set: x_replica->set_acl(change); break;
                case ChangeKind::checked: break;
            }
        }
    }

    void break_something() {
        Ensemble& ensemble = x_bench.ensemble;
        const Instant now = x_bench.now;
        const ServerId one = roll(size());
        const ServerId other = (one + 1 + roll(size() - 1)) % size();
        switch (roll(14)) {
            case 0: return ensemble.kill(now, one);
            case 1: return ensemble.pause(now, one);
            case 2: return ensemble.set_linked(now, one, other, false);
            case 3: return ensemble.set_partitioned(now, one, true);
            case 4:
            case 5: return ensemble.resume(now, one);
            case 6:
            case 7: return ensemble.set_linked(now, one, other, true);
            case 8:
            case 9: return ensemble.set_partitioned(now, one, false);
            default: return ensemble.restart(now, one);
        }
    }

    void use(Client& client) {
        if (client.is_closed()) {
            client.last_zxid = 0;
            client.connect_to(roll(size()), 2000);
            x_pending.erase(&client);
            return;
        }
        for (auto reply = client.next_reply(); reply; reply = client.next_reply()) {
            const std::string path = x_pending[&client][reply->header.xid];
            if (!path.empty() && reply->header.err == ServerError::ok) {
                x_acknowledged.insert(path);
            }
        }
        const std::string path = "/n" + std::to_string(x_count++);
        switch (roll(4)) {
            case 0: client.send(wire::SetDataRequest{"/", std::to_string(x_count)}); return;
            case 1: client.send(create_request(path + "e", CreateMode::ephemeral)); return;
            case 2: client.ping(); return;
            default: x_pending[&client][client.send(create_request(path))] = path;
        }
    }

    /// Nobody has applied what is not committed.
    void check_prefixes() {
        for (ServerId id = 0; id < size(); ++id) {
            for (const std::string_view name : x_bench.ensemble.tree(id).find("/")->children) {
                const Znode* node = x_bench.ensemble.tree(id).find("/" + std::string(name));
                ASSERT_LE(node->stat.czxid, x_last_zxid);
            }
        }
    }

    void expect_same(const std::string& path, const Tree& tree) {
        const Znode* expected = x_replica->find(path);
        const Znode* actual = tree.find(path);
        ASSERT_NE(nullptr, actual) << path;
        EXPECT_EQ(expected->data, actual->data) << path;
        EXPECT_EQ(expected->stat, actual->stat) << path;
        for (const std::string_view name : expected->children) {
            expect_same((path == "/" ? "/" : path + "/") + std::string(name), tree);
        }
    }

    std::mt19937_64 x_random;
    Bench x_bench;
    std::unique_ptr<Tree> x_replica;
    std::int64_t x_last_zxid = 0;
    std::set<std::int64_t> x_epochs;
    std::vector<std::unique_ptr<Client>> x_clients;
    std::map<Client*, std::map<std::int32_t, std::string>> x_pending;
    std::set<std::string> x_acknowledged;
    std::uint64_t x_count = 0;
};

}  // namespace

class RandomFaults : public ::testing::TestWithParam<std::size_t> {};

TEST_P(RandomFaults, LoseNothingThatWasCommittedAndKeepEveryServerTheSame) {
    std::size_t epochs = 0;
    std::size_t acknowledged = 0;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Chaos chaos(seed, GetParam());
        chaos.run(1500);
        chaos.heal();
        chaos.check_at_rest();
        if (HasFailure()) {
            return;
        }
        epochs += chaos.epochs();
        acknowledged += chaos.acknowledged();
    }
    EXPECT_GT(epochs, 100U) << "the faults were too mild";
    EXPECT_GT(acknowledged, 2000U) << "the faults were too hard";
    RecordProperty("epochs", static_cast<int>(epochs));
    RecordProperty("acknowledged", static_cast<int>(acknowledged));
}

INSTANTIATE_TEST_SUITE_P(OfServers, RandomFaults, ::testing::Values(2U, 3U, 5U));

}  // namespace leasehold::server
