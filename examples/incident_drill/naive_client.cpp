// The client of the incident. It speaks through the SDK's raw operations, so that what differs is
// how ZooKeeper is used, and not who encodes its frames.
#include <leasehold/zookeeper.hpp>

#include "client.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace drill {
namespace {

using namespace std::chrono_literals;
using leasehold::BootClock;
using leasehold::Client;
using leasehold::CreateMode;
using leasehold::milliseconds;
using leasehold::zk_errc;
using leasehold::ZooKeeper;

/// How often a waiter looks whether its caller has given up.
constexpr milliseconds patience = 50ms;

/// What came of one attempt.
enum class Answer { yes, given_up, try_again };

class NaiveClient final : public LockingClient {
public:
    explicit NaiveClient(const Settings& settings) : x_settings(settings) {}

    void run(Order& order, Tools tools) override {
        order.asked = BootClock::now();
        while (true) {
            const Session session(*this);
            std::string node;
            const Answer answer = acquire(session.client, order, node);
            if (answer == Answer::yes) {
                return hold(session.client, order, node, tools);
            }
            if (answer == Answer::given_up) {
                order.answered = order.ended = BootClock::now();
                order.outcome = order.cancel_after ? "cancelled" : "expired";
                return;
            }
        }
    }

    Figures figures() override {
        const std::lock_guard lock(x_mutex);
        Figures sum = x_past;
        for (const Client* client : x_live) {
            add(sum, *client);
        }
        return sum;
    }

    void give_up() override { x_is_over = true; }
    void close() override {}  // every session went with its attempt

private:
    /// A session for one attempt, counted.
    struct Session {
        explicit Session(NaiveClient& of)
            : owner(of), client(Client::connect(of.x_settings.servers, of.options()).value()) {
            const std::lock_guard lock(owner.x_mutex);
            owner.x_live.insert(&client);
        }
        ~Session() {
            const std::lock_guard lock(owner.x_mutex);
            owner.x_live.erase(&client);
            add(owner.x_past, client);
        }
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;

        NaiveClient& owner;
        Client client;
    };

    static void add(Figures& sum, const Client& client) {
        const auto stats = client.stats();
        sum.sessions += stats.sessions;
        sum.connects += stats.connects;
    }

    /// Reconnects at once, as often as it likes.
    leasehold::ClientOptions options() const {
        return {.session_timeout = x_settings.session_timeout,
                .tick = x_settings.tick,
                .standalone = true,
                .backoff_min = 1ms,
                .backoff_max = 1ms,
                .max_connects_per_second = 1000};
    }

    bool has_given_up(const Order& order) const {
        return x_is_over ||
               (order.cancel_after && BootClock::now() >= order.asked + *order.cancel_after);
    }

    Answer acquire(const Client& client, const Order& order, std::string& node) const {
        while (!client.wait_connected(patience)) {
            if (has_given_up(order)) {
                return Answer::given_up;
            }
        }
        const ZooKeeper zookeeper = client.zookeeper();
        auto created =
            zookeeper.create(order.path + "/lock-", {}, {.mode = CreateMode::ephemeral_sequential});
        if (!created && created.error() == zk_errc::no_node) {
            make_parents(zookeeper, order.path);
        }
        if (!created) {
            return Answer::try_again;
        }
        node = created->substr(order.path.size() + 1);
        return wait_for_turn(zookeeper, order, node);
    }

    static void make_parents(const ZooKeeper& zookeeper, const std::string& path) {
        for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
            (void)zookeeper.create(path.substr(0, slash));  // somebody else may have
            if (slash == std::string::npos) {
                return;
            }
        }
    }

    Answer wait_for_turn(const ZooKeeper& zookeeper, const Order& order,
                         const std::string& node) const {
        while (true) {
            auto children = zookeeper.children(order.path);
            if (!children) {
                return Answer::try_again;
            }
            std::vector<std::string>& names = children->names;
            std::sort(names.begin(), names.end());
            const auto ours = std::find(names.begin(), names.end(), node);
            if (ours == names.end()) {
                return Answer::try_again;  // the session ended, and the node with it
            }
            if (ours == names.begin()) {
                return Answer::yes;
            }
            auto before = zookeeper.exists_watched(order.path + "/" + *(ours - 1));
            if (!before) {
                return Answer::try_again;
            }
            if (!before->value) {
                continue;
            }
            while (true) {
                const auto gone = before->watch.wait(patience);
                if (gone) {
                    break;
                }
                if (has_given_up(order)) {
                    return Answer::given_up;
                }
                if (gone.error() != leasehold::errc::timed_out) {
                    return Answer::try_again;
                }
            }
        }
    }

    void hold(const Client& client, Order& order, const std::string& node, Tools tools) {
        order.granted = order.answered = BootClock::now();
        const Counters before = tools.table.read(order.path, no_token);
        // A timeout, but no deadline of the lock: nobody told the call of it.
        const auto called =
            tools.gateway.charge(order.is_stuck, BootClock::now() + x_settings.rpc_timeout, {});
        if (!called) {
            order.outcome = "failed";
            order.why = called.error().message();
        }
        order.wrote_unfenced = tools.table.write_unfenced(order.path, before.unfenced + 1);
        order.valid_until = BootClock::now();  // it has never asked
        const auto removed = client.zookeeper().remove(order.path + "/" + node);
        (void)removed;  // else the node goes with the session
        order.ended = BootClock::now();
    }

    const Settings x_settings;
    std::atomic<bool> x_is_over{false};
    std::mutex x_mutex;
    std::set<const Client*> x_live;
    Figures x_past;
};

}  // namespace

std::unique_ptr<LockingClient> make_naive_client(const Settings& settings) {
    return std::make_unique<NaiveClient>(settings);
}

}  // namespace drill
