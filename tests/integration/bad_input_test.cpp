// Bad input from the user, and peers that are no ZooKeeper: a typed error within the time allowed,
// no crash, no hang, and not a byte written for nothing.
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "tests/integration/fixture.hpp"
#include "tests/support/cutting_proxy.hpp"
#include "tests/support/scripted_server.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <sys/resource.h>

namespace leasehold::integration {
namespace {

using ::testing::HasSubstr;

// ---- what the user gives ----

class BadInput : public ::testing::Test {
protected:
    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string());
    const LockOptions usual{.wait = 1s, .budget = 1s};
};

TEST(BadConnectString, IsRefusedBeforeAnyThreadStarts) {
    for (const char* hosts :
         {"", ",", "zk1:2181,", "zk1:", "zk1:0", "zk1:65536", "zk1:-1", "zk1:2181x", "zk 1:2181",
          "[::1:2181", ":2181", "zk1:2181/a//b", "zk1:2181/a/../b", "zk1:2181/a/", "/shop"}) {
        const auto client = Client::connect(hosts);
        EXPECT_TRUE(fails_with(client, errc::invalid_argument)) << "'" << hosts << "'";
    }
}

TEST(BadClientOptions, AreRefused) {
    const auto refused = [](auto change) {
        ClientOptions options;
        change(options);
        return fails_with(Client::connect("127.0.0.1:1", options), errc::invalid_argument);
    };
    EXPECT_TRUE(refused([](ClientOptions& o) { o.session_timeout = 0ms; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.session_timeout = -5ms; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.session_timeout = milliseconds::max(); }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.tick = 0ms; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.sync_limit = -1; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.ack_gap = -1ms; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.margin = -1ms; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.clock_drift = 0.5; }));
    EXPECT_TRUE(refused(
        [](ClientOptions& o) { o.clock_drift = std::numeric_limits<double>::quiet_NaN(); }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.connect_timeout = 0ms; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.max_connects_per_second = 0; }));
    EXPECT_TRUE(refused([](ClientOptions& o) { o.server_version = "three"; }));
}

TEST_F(BadInput, MalformedPath_IsRefusedWithoutAByte) {
    ASSERT_TRUE(us.lock(fresh_path(), usual).has_value());
    ASSERT_TRUE(eventually([&] { return us.stats().nodes_to_delete == 0; }));
    proxy.clear();
    using namespace std::string_literals;
    for (const std::string& path :
         {""s, "orders"s, "/"s, "/orders/"s, "/a//b"s, "/a/./b"s, "/a/../b"s, "/a\0b"s, "/a\nb"s,
          "/a\x7f"s, "/\xff\xfe"s, "/zookeeper/config"s, "/" + std::string(2'000'000, 'x')}) {
        const auto lock = us.lock(path, usual);
        EXPECT_TRUE(fails_with(lock, errc::invalid_argument)) << path.substr(0, 40);
    }
    EXPECT_TRUE(fails_with(us.contenders("orders"), errc::invalid_argument));
    EXPECT_TRUE(fails_with(us.zookeeper().get("/a/../b"), errc::invalid_argument));
    EXPECT_TRUE(fails_with(us.zookeeper().create("/a//b"), errc::invalid_argument));
    EXPECT_EQ(proxy.requests().size(), 0U);
}

TEST_F(BadInput, MalformedDurationsAndNumbers_AreRefusedWithoutAByte) {
    const std::string path = fresh_path();
    proxy.clear();
    const auto refused = [&](auto change, errc code = errc::invalid_argument) {
        LockOptions options{.wait = 1s, .budget = 1s};
        change(options);
        return fails_with(us.lock(path, options), code);
    };
    EXPECT_TRUE(refused([](LockOptions& o) { o.wait = -1ms; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.budget = 0ms; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.budget = -1ms; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.reserve = 1s; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.max_hold = 1s; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.max_hold = -1ms; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.max_queue = -1; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.max_local_grants = 0; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.max_local_grants = 65; }));
    EXPECT_TRUE(refused([](LockOptions& o) { o.owner = "\xff"; }));
    // Absurd, but well-formed: the lease arithmetic refuses it, and says so with the numbers.
    EXPECT_TRUE(
        refused([](LockOptions& o) { o.budget = milliseconds::max(); }, errc::budget_refused));
    EXPECT_EQ(proxy.requests().size(), 0U);

    LockOptions for_ever{.wait = milliseconds::max(), .budget = 1s};
    auto lock = us.lock(path, for_ever);
    ASSERT_TRUE(lock.has_value()) << "an endless wait is no overflow: " << why(lock);
    EXPECT_TRUE(fails_with(lock->extend(-1ms), errc::invalid_argument));
    EXPECT_TRUE(fails_with(lock->extend(1h), errc::budget_refused));
    EXPECT_TRUE(lock->valid());
}

TEST_F(BadInput, MissingChroot_IsNamedAndNotCreated) {
    const std::string chroot = fresh_path();
    const auto lost = Client::connect(one_server().connect_string() + chroot, standalone_options());
    ASSERT_TRUE(lost.has_value()) << why(lost);
    const auto nowhere = lost->lock("/orders", {.wait = 5s, .budget = 1s});
    EXPECT_TRUE(fails_with(nowhere, errc::no_chroot));
    EXPECT_THAT(why(nowhere), HasSubstr(chroot));
    EXPECT_EQ(us.zookeeper().exists(chroot).value(), std::nullopt);

    ASSERT_TRUE(us.zookeeper().create(chroot.substr(0, chroot.rfind('/'))).has_value());
    ASSERT_TRUE(us.zookeeper().create(chroot).has_value());
    const Client rooted = connect(one_server().connect_string() + chroot);
    const auto lock = rooted.lock("/orders", {.wait = 5s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_EQ(nodes_under(us, chroot + "/orders"), 1);
}

TEST_F(BadInput, ChrootThatIsClosedToUs_IsNamedAndNothingIsMadeElsewhere) {
    const std::string chroot = existing_path(us) + "/closed";
    const AclEntry nothing_for_us[] = {{perms::all, "digest", "somebody:else"}};
    ASSERT_TRUE(us.zookeeper().create(chroot, "", {.acl = nothing_for_us}).has_value());
    const Client rooted = connect(one_server().connect_string() + chroot);
    for (const std::string path : {"/orders", "/orders/42"}) {
        const auto lock = rooted.lock(path, usual);
        EXPECT_TRUE(fails_with(lock, errc::not_permitted));
        EXPECT_THAT(why(lock), HasSubstr(chroot));
        EXPECT_EQ(us.zookeeper().exists(path).value(), std::nullopt) << "not in / instead";
    }
    EXPECT_TRUE(fails_with(rooted.zookeeper().create("/orders"), zk_errc::no_auth));
    EXPECT_EQ(rooted.stats().nodes_to_delete, 0U);
}

TEST_F(BadInput, RefusedPermission_IsTypedAndLeavesNothing) {
    const std::string path = existing_path(us);
    const AclEntry read_only[] = {{perms::read, "world", "anyone"}};
    const CreateOptions sealed{.acl = read_only};
    ASSERT_TRUE(us.zookeeper().create(path + "/sealed", "", sealed).has_value());
    EXPECT_TRUE(fails_with(us.lock(path + "/sealed", usual), errc::not_permitted));
    EXPECT_TRUE(fails_with(us.lock(path + "/sealed/child", usual), errc::not_permitted));
    EXPECT_EQ(nodes_under(us, path + "/sealed"), 0);
    EXPECT_EQ(us.stats().nodes_to_delete, 0U);
}

// ---- what peers send ----

struct Peer {
    const char* name;
    ScriptedServer::Script (*script)();
};

void PrintTo(const Peer& peer, std::ostream* out) {
    *out << peer.name;
}

std::string connect_answer(std::int32_t timeout_ms, std::int64_t session, std::size_t password) {
    wire::ConnectResponse response;
    response.timeout_ms = timeout_ms;
    response.session_id = session;
    response.password = std::string(password, 'p');
    return wire::encode_frame(response);
}

const Peer peers[] = {
    {"NeverAnswers", [] { return silence(); }},
    {"ClosesAtOnce",
     [] {
         return ScriptedServer::Script(
             [](std::string_view) { return std::optional<std::string>(); });
     }},
    {"ClosesAfterTheFirstBytes",
     [] {
         return ScriptedServer::Script([](std::string_view bytes) {
             return bytes.empty() ? std::optional<std::string>("") : std::nullopt;
         });
     }},
    {"SpeaksHttp", [] { return always("HTTP/1.1 400 Bad Request\r\n\r\n"); }},
    {"NegativeFrame", [] { return always(std::string(4, '\xff')); }},
    {"HugeFrame", [] { return always("\x7f\xff\xff\xff"); }},
    {"TwoGigabytes", [] { return always(std::string("\x80\0\0\0", 4)); }},
    {"FrameOverTheCap",
     [] { return always(std::string("\x10\0\0\0", 4) + std::string(100'000, 'x')); }},
    {"EmptyFrame", [] { return always(std::string(4, '\0')); }},
    {"FrameShorterThanItsRecord", [] { return always(std::string("\0\0\0\x04zzzz", 8)); }},
    {"HalfAFrame", [] { return always(std::string("\0\0\0\x25\0\0", 6)); }},
    {"AnswersBeforeItIsAsked", [] { return always(connect_answer(10'000, 7, 16), true); }},
    {"TimeoutZero", [] { return always(connect_answer(0, 0, 16)); }},
    {"TimeoutNegative", [] { return always(connect_answer(-10'000, 7, 16)); }},
    {"SessionZero", [] { return always(connect_answer(10'000, 0, 16)); }},
    {"PasswordTooShort", [] { return always(connect_answer(10'000, 7, 3)); }},
    {"PasswordHuge", [] { return always(connect_answer(10'000, 7, 1'000'000)); }},
    {"BareRefusalOfAReadOnlyServer",
     [] {
         return always(wire::encode_reply({0, 5, wire::ServerError::not_read_only}));
     }},
    {"ReplyForNothing",
     [] {
         return always(connect_answer(10'000, 7, 16) + wire::encode_reply({77, 5}) +
                       wire::encode_reply({78, 6}));
     }},
    {"ZeroesForEver", [] { return always(std::string(65'536, '\0')); }},
};

class NoZooKeeper : public ::testing::TestWithParam<Peer> {};

INSTANTIATE_TEST_SUITE_P(Peers, NoZooKeeper, ::testing::ValuesIn(peers),
                         [](const auto& peer) { return std::string(peer.param.name); });

long peak_memory_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST_P(NoZooKeeper, EveryOperationEndsInTimeWithATypedError) {
    const ScriptedServer server(GetParam().script());
    const long memory = peak_memory_kib();
    for (const std::string_view version : {"", "3.8.0"}) {
        ClientOptions options = standalone_options();
        options.server_version = version;
        options.connect_timeout = 100ms;
        options.backoff_min = 10ms;
        auto client = Client::connect(server.address(), options);
        ASSERT_TRUE(client.has_value()) << why(client);
        const Instant asked = BootClock::now();
        const auto lock = client->lock("/orders", {.wait = 250ms, .budget = 1s});
        const Duration took = BootClock::now() - asked;
        ASSERT_FALSE(lock.has_value()) << "granted by a peer that is no ZooKeeper";
        EXPECT_TRUE(lock.error() == errc::no_server || lock.error() == errc::protocol_error ||
                    lock.error() == errc::wait_expired || lock.error() == errc::session_expired)
            << why(lock);
        EXPECT_LE(took, 250ms + patient(250ms));
        const auto read = client->zookeeper().with_timeout(50ms).get("/orders");
        EXPECT_TRUE(!read && (read.error() == errc::timed_out || read.error() == errc::no_server ||
                              read.error() == errc::protocol_error ||
                              read.error() == errc::connection_lost ||
                              read.error() == errc::session_expired))
            << why(read);
        const Instant closing = BootClock::now();
        (void)client->close(100ms);
        EXPECT_LE(BootClock::now() - closing, 100ms + patient(250ms));
        EXPECT_EQ(client->stats().grants, 0U);
    }
    EXPECT_LE(peak_memory_kib() - memory, 128 * 1024) << "no length is believed";
}

TEST(NoServer, LockAnswersByTheEndOfItsWait) {
    const auto client =
        Client::connect("127.0.0.1:" + std::to_string(free_ports(1)[0]), standalone_options());
    ASSERT_TRUE(client.has_value()) << why(client);
    for (const milliseconds wait : {0ms, 100ms, 500ms}) {
        const Instant asked = BootClock::now();
        const auto lock = client->lock("/orders", {.wait = wait, .budget = 1s});
        const Duration took = BootClock::now() - asked;
        EXPECT_TRUE(fails_with(lock, errc::no_server));
        // A try gets the ack gap, 200 ms, for its answer.
        EXPECT_LE(took, std::max(wait, 200ms) + patient(250ms));
    }
}

}  // namespace
}  // namespace leasehold::integration
