// Servers that lie: nothing that a server sends yields a lock that its bytes do not imply.
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/support/scripted_server.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>

namespace leasehold::integration {
namespace {

using wire::Opcode;
using wire::ServerError;

/// Changes the first frame of one kind that the server sends.
std::function<void(Opcode, std::string&)> tamper_once(Opcode op,
                                                      std::function<void(std::string&)> change) {
    auto is_done = std::make_shared<bool>(false);
    return [op, change = std::move(change), is_done](Opcode sent, std::string& frame) {
        if (sent == op && !std::exchange(*is_done, true)) {
            change(frame);
        }
    };
}

/// Changes the record in a reply's frame, whoever asked.
template <class Record>
std::function<void(std::string&)> rewrite(std::function<void(Record&)> change) {
    return [change = std::move(change)](std::string& frame) {
        const auto reply = wire::split_reply(std::string_view(frame).substr(4));
        auto record = wire::decode<Record>(reply.value().body);
        if (record) {
            change(record.value());
            frame = wire::encode_reply(reply.value().header, record.value());
        }
    };
}

class Hostile : public ::testing::Test {
protected:
    Client client(milliseconds session_timeout = 10s) {
        ClientOptions options = standalone_options(session_timeout);
        options.backoff_min = 10ms;
        return connect(server.address(), options);
    }
    void tamper(std::function<void(Opcode, std::string&)> change) {
        server.with([&](FakeZooKeeper& zookeeper) { zookeeper.tamper = std::move(change); });
    }
    int nodes(const std::string& path) {
        return server.with([&](FakeZooKeeper& zookeeper) {
            const Znode* parent = zookeeper.tree().find(path);
            return parent == nullptr ? 0 : static_cast<int>(parent->children.size());
        });
    }

    ScriptedServer server;
    const LockOptions usual{.wait = 1s, .budget = 1s};
};

TEST_F(Hostile, ListWithoutOurNode_IsNoGrant) {
    const Client us = client();
    tamper([](Opcode op, std::string& frame) {
        if (op == Opcode::get_children || op == Opcode::get_children2) {
            rewrite<wire::GetChildrenReply>([](auto& reply) { reply.children.clear(); })(frame);
        }
    });
    const auto lock = us.lock("/orders", usual);
    EXPECT_FALSE(lock.has_value());
    EXPECT_NE(why(lock), "");
    EXPECT_EQ(us.stats().grants, 0U);
    tamper({});
    EXPECT_TRUE(eventually([&] { return nodes("/orders") == 0; }));
}

TEST_F(Hostile, CreateReplyWithAnothersName_IsNoGrant) {
    const Client us = client();
    tamper(tamper_once(Opcode::create, rewrite<wire::CreateReply>([](auto& reply) {
                           reply.path = "/orders/0123456789abcdef-lock-0000000000";
                       })));
    // The first create of a missing parent fails and is not rewritten: the second one is.
    server.with([](FakeZooKeeper& zookeeper) { zookeeper.make(BootClock::now(), "/orders"); });
    const auto lock = us.lock("/orders", usual);
    EXPECT_FALSE(lock.has_value()) << "token " << lock->token();
    EXPECT_EQ(us.stats().grants, 0U);
    EXPECT_TRUE(eventually([&] { return nodes("/orders") == 0; })) << "our node is cleaned up";
}

TEST_F(Hostile, NodeOfAnotherSessionUnderOurName_IsNoGrant) {
    const Client us = client();
    const Client holder = client();
    auto held = holder.lock("/orders", {.wait = 1s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    tamper([](Opcode op, std::string& frame) {
        if (op == Opcode::get_data) {
            rewrite<wire::GetDataReply>([](auto& reply) { reply.stat.ephemeral_owner = 0x666; })(
                frame);
        }
    });
    auto waiting = us.async_lock("/orders", {.wait = 3s, .budget = 1s}, boost::asio::use_future);
    const auto refused = waiting.get();
    EXPECT_TRUE(fails_with(refused, errc::lock_lost));
    EXPECT_EQ(us.stats().grants, 0U);
    EXPECT_TRUE(held->valid());
    // What is said to be somebody else's is not deleted; it ends with its session.
    tamper({});
    ASSERT_TRUE(us.close().has_value());
    EXPECT_EQ(nodes("/orders"), 1);
}

TEST_F(Hostile, ReplyToNothing_CostsTheConnectionAndGrantsNothing) {
    const Client us = client();
    tamper(tamper_once(Opcode::create, [](std::string& frame) {
        frame =
            wire::encode_reply({4711, 1}, wire::CreateReply{"/orders/x-lock-0000000000"}) + frame;
    }));
    auto lock = us.lock("/orders", {.wait = 5s, .budget = 1s});
    // The stream is out of step: a new connection settles what became of the create.
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_EQ(us.stats().reconnects, 1U);
    EXPECT_EQ(us.stats().sessions, 1U);
    EXPECT_EQ(nodes("/orders"), 1);
    EXPECT_TRUE(lock->release().has_value());
}

TEST_F(Hostile, GarbageInPlaceOfAReply_CostsTheConnectionAndGrantsNothing) {
    for (const std::string& garbage :
         {std::string("\x7f\xff\xff\xff"), std::string(4, '\xff'), std::string(4, '\0'),
          std::string("\0\0\0\x03zzz", 7), std::string("GET / HTTP/1.1\r\n\r\n")}) {
        const Client us = client();
        tamper(tamper_once(Opcode::create, [&](std::string& frame) { frame = garbage; }));
        auto lock = us.lock("/orders", {.wait = 5s, .budget = 1s});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        EXPECT_GE(us.stats().reconnects, 1U);
        EXPECT_EQ(nodes("/orders"), 1);
        EXPECT_TRUE(lock->release().has_value());
    }
}

TEST_F(Hostile, TransactionNumberThatGoesBack_IsNoToken) {
    const Client us = client();
    auto first = us.lock("/orders", usual);
    ASSERT_TRUE(first.has_value()) << why(first);
    ASSERT_TRUE(first->release().has_value());
    tamper([](Opcode op, std::string& frame) {
        if (op == Opcode::create) {
            const auto reply = wire::split_reply(std::string_view(frame).substr(4));
            auto header = reply.value().header;
            header.zxid = 1;
            frame = wire::encode_reply(header, wire::Opaque{reply.value().body});
        }
    });
    auto lock = us.lock("/orders", {.wait = 5s, .budget = 1s});
    tamper({});
    EXPECT_GE(us.stats().reconnects, 1U) << "the connection is given up";
    // What became of the create is then read from the node itself.
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_GT(lock->token(), first->token());
    EXPECT_EQ(us.zookeeper().get(lock->node())->stat.czxid, lock->token() / 64);
    ASSERT_TRUE(lock->release().has_value());
}

TEST_F(Hostile, EventsThatNobodyAskedFor_GrantNothing) {
    const Client holder = client();
    const Client middle = client();
    const Client us = client();
    auto held = holder.lock("/orders", {.wait = 1s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto second =
        middle.async_lock("/orders", {.wait = 20s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes("/orders") == 2; }));
    auto third = us.async_lock("/orders", {.wait = 20s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return us.stats().watches == 2; }));
    // Nobody but the middle one watches the holder's node.
    tamper([&](Opcode op, std::string& frame) {
        if (op == Opcode::ping) {
            for (const std::string& path :
                 {std::string(held->node()), std::string("/orders"), std::string("/elsewhere"),
                  std::string(held->node()) + "/below", std::string(), std::string("no path")}) {
                frame += wire::encode_reply(
                    {wire::notification_xid, -1},
                    wire::WatcherEvent{.type = wire::WatchEventType::deleted, .path = path});
            }
        }
    });
    EXPECT_TRUE(eventually([&] { return us.stats().ignored_events >= 12; }));
    EXPECT_EQ(third.wait_for(0s), std::future_status::timeout) << "granted by a lie";
    EXPECT_TRUE(held->valid());
    tamper({});
    ASSERT_TRUE(held->release().has_value());
    auto granted = second.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    ASSERT_TRUE(granted->release().has_value());
    EXPECT_TRUE(third.get().has_value());
}

TEST_F(Hostile, WornOutSequence_IsRefusedAndOurNodeRemoved) {
    const Client us = client();
    for (const std::int64_t counter : {2'147'000'001LL, 2'147'483'647LL, -5LL}) {
        server.with([&](FakeZooKeeper& zookeeper) {
            if (zookeeper.tree().find("/orders") == nullptr) {
                zookeeper.make(BootClock::now(), "/orders");
            }
            zookeeper.tree().set_counter("/orders", counter);
        });
        EXPECT_TRUE(fails_with(us.lock("/orders", usual), errc::sequence_exhausted));
        EXPECT_TRUE(eventually([&] { return nodes("/orders") == 0; }));
    }
}

TEST_F(Hostile, StrangersAmongTheContenders_AreWaitedForOrCounted) {
    const Client us = client();
    server.with([](FakeZooKeeper& zookeeper) {
        const Instant now = BootClock::now();
        zookeeper.make(now, "/orders");
        zookeeper.make(now, "/orders/notes");
        zookeeper.make(now, "/orders/x-lock-12345");
        zookeeper.make(now, "/orders/\xc3\xa4-\x1b[2J");
    });
    auto lock = us.lock("/orders", usual);
    ASSERT_TRUE(lock.has_value()) << "none of them ends in ten digits: " << why(lock);
    EXPECT_GE(us.stats().foreign_children, 3U);
    ASSERT_TRUE(lock->release().has_value());
    server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.make(BootClock::now(), "/orders/anything-0000000000");
    });
    EXPECT_TRUE(fails_with(us.lock("/orders", {.wait = 300ms, .budget = 1s}), errc::wait_expired))
        << "whatever ends in ten digits is a contender";
}

TEST_F(Hostile, EndlessList_FailsThatCallAndKeepsTheConnection) {
    ClientOptions options = standalone_options();
    options.max_frame_bytes = 4'096;
    const Client us = connect(server.address(), options);
    server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.make(BootClock::now(), "/orders");
        for (int i = 0; i < 500; ++i) {
            zookeeper.make(BootClock::now(), "/orders/somebody-lock-",
                           wire::CreateMode::persistent_sequential);
        }
    });
    EXPECT_TRUE(fails_with(us.lock("/orders", usual), errc::queue_too_long));
    EXPECT_TRUE(eventually([&] { return nodes("/orders") == 500; }));
    auto other = us.lock("/other", usual);
    EXPECT_TRUE(other.has_value()) << why(other);
    EXPECT_EQ(us.stats().reconnects, 0U);
}

TEST_F(Hostile, ServerErrors_AreTypedAndNeverAGrant) {
    struct Case {
        ServerError err;
        std::vector<std::error_code> accepted;
    };
    const Case cases[] = {
        {ServerError::no_auth, {errc::not_permitted}},
        {ServerError::invalid_acl, {errc::invalid_argument, zk_errc::invalid_acl}},
        {ServerError::quota_exceeded, {zk_errc::quota_exceeded}},
        {ServerError::not_read_only, {errc::unsupported}},
        {ServerError::system_error, {zk_errc::system_error}},
        {static_cast<ServerError>(-9'999), {}},
    };
    for (const Case& each : cases) {
        ScriptedServer refusing;
        refusing.with([&](FakeZooKeeper& zookeeper) {
            zookeeper.make(BootClock::now(), "/orders");
            zookeeper.fail_next(Opcode::create, each.err, 100);
        });
        const Client us = connect(refusing.address());
        const auto lock = us.lock("/orders", {.wait = 700ms, .budget = 1s});
        ASSERT_FALSE(lock.has_value()) << static_cast<int>(each.err);
        const bool is_accepted =
            each.accepted.empty() ||
            std::any_of(each.accepted.begin(), each.accepted.end(),
                        [&](std::error_code code) { return lock.error() == code; });
        EXPECT_TRUE(is_accepted) << static_cast<int>(each.err) << ": " << why(lock);
        EXPECT_EQ(us.stats().grants, 0U);
    }
}

TEST_F(Hostile, ReadOnlyServer_NeverGrants) {
    server.with([](FakeZooKeeper& zookeeper) { zookeeper.options.is_read_only = true; });
    const auto us = Client::connect(server.address(), standalone_options());
    ASSERT_TRUE(us.has_value()) << why(us);
    const auto lock = us->lock("/orders", usual);
    ASSERT_FALSE(lock.has_value());
    EXPECT_TRUE(lock.error() == errc::unsupported || lock.error() == errc::no_server ||
                lock.error() == errc::wait_expired)
        << why(lock);
    EXPECT_EQ(nodes("/orders"), 0);
}

// ---- re-attaching ----

struct WrongAnswer {
    const char* name;
    void (*change)(wire::ConnectResponse&);
};

void PrintTo(const WrongAnswer& answer, std::ostream* out) {
    *out << answer.name;
}

class HostileReattach : public Hostile, public ::testing::WithParamInterface<WrongAnswer> {};

INSTANTIATE_TEST_SUITE_P(
    Answers, HostileReattach,
    ::testing::Values(
        WrongAnswer{"AnotherSession", [](wire::ConnectResponse& r) { r.session_id ^= 0x55; }},
        WrongAnswer{"AnotherPassword", [](wire::ConnectResponse& r) { r.password[3] ^= 1; }},
        WrongAnswer{"Expired",
                    [](wire::ConnectResponse& r) {
                        r.timeout_ms = 0;
                        r.session_id = 0;
                    }}),
    [](const auto& answer) { return std::string(answer.param.name); });

TEST_P(HostileReattach, IsAnExpiredSessionAndNeverAdopted) {
    const Client us = client();
    auto lock = us.lock("/orders", {.wait = 1s, .budget = 8s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Parcel<result<Loss>> lost;
    lock->lost([lost](result<Loss> loss) { lost.deliver(std::move(loss)); });
    tamper(tamper_once(Opcode::create_session, [](std::string& frame) {
        auto response =
            wire::decode<wire::ConnectResponse>(std::string_view(frame).substr(4)).value();
        GetParam().change(response);
        frame = wire::encode_frame(response);
    }));
    server.cut();
    const auto loss = lost.receive();
    ASSERT_TRUE(loss.has_value()) << why(loss);
    EXPECT_EQ(*loss, Loss::session_expired);
    EXPECT_FALSE(lock->valid());
    EXPECT_TRUE(eventually([&] { return us.stats().sessions == 2; }));
    EXPECT_FALSE(lock->valid());
}

TEST_F(Hostile, SmallerTimeoutOnReattach_ShortensTheLeaseAtOnce) {
    const Client us = client(20s);
    auto lock = us.lock("/orders", {.wait = 1s, .budget = 15s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant before = lock->deadline();
    server.with([](FakeZooKeeper& zookeeper) { zookeeper.options.max_timeout = 3s; });
    server.cut();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    EXPECT_TRUE(eventually([&] { return lock->deadline() < before; }));
    EXPECT_LE(lock->remaining(), 3s);
    EXPECT_EQ(us.stats().session_timeout, 3s);
}

}  // namespace
}  // namespace leasehold::integration
