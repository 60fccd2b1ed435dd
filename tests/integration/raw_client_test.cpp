// The raw operations against a real server: what they create, change and refuse, and watches that
// outlive a connection.
#include "tests/integration/fixture.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>

namespace leasehold::integration {
namespace {

class RawClient : public ::testing::Test {
protected:
    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string());
    Client other = connect(one_server().connect_string());
    const ZooKeeper zookeeper = us.zookeeper();
    const std::string path = existing_path(other);
};

TEST_F(RawClient, Create_MakesEveryKindOfNode) {
    const auto make = [&](CreateMode mode, const std::string& name, milliseconds ttl = 0ms) {
        return zookeeper.create(path + name, "data", {.mode = mode, .ttl = ttl});
    };
    EXPECT_EQ(make(CreateMode::persistent, "/p").value(), path + "/p");
    EXPECT_EQ(make(CreateMode::ephemeral, "/e").value(), path + "/e");
    EXPECT_EQ(make(CreateMode::container, "/c").value(), path + "/c");
    EXPECT_EQ(make(CreateMode::ttl, "/t", 60s).value(), path + "/t");
    EXPECT_EQ(make(CreateMode::persistent_sequential, "/ps-").value(), path + "/ps-0000000004");
    EXPECT_EQ(make(CreateMode::ephemeral_sequential, "/es-").value(), path + "/es-0000000005");
    EXPECT_EQ(make(CreateMode::ttl_sequential, "/ts-", 60s).value(), path + "/ts-0000000006");

    EXPECT_NE(other.zookeeper().get(path + "/e")->stat.ephemeral_owner, 0);
    EXPECT_NE(other.zookeeper().get(path + "/es-0000000005")->stat.ephemeral_owner, 0);
    EXPECT_EQ(other.zookeeper().get(path + "/p")->stat.ephemeral_owner, 0);
    EXPECT_EQ(other.zookeeper().get(path + "/p")->data, "data");
    EXPECT_EQ(nodes_under(other, path), 7);

    EXPECT_TRUE(fails_with(make(CreateMode::persistent, "/p"), zk_errc::node_exists));
    EXPECT_TRUE(
        fails_with(make(CreateMode::persistent, "/e/child"), zk_errc::no_children_for_ephemerals));
    EXPECT_TRUE(fails_with(make(CreateMode::persistent, "/no/child"), zk_errc::no_node));
    EXPECT_TRUE(fails_with(make(CreateMode::ttl, "/t0", 0ms), errc::invalid_argument));
    EXPECT_EQ(us.stats().reconnects, 0U);
}

TEST_F(RawClient, DataAndVersions) {
    const std::string binary("\0\x01\xff z", 5);
    const auto first = zookeeper.set(path, binary);
    ASSERT_TRUE(first.has_value()) << why(first);
    EXPECT_EQ(first->version, 1);
    EXPECT_EQ(first->data_length, 5);
    const auto read = other.zookeeper().get(path);
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_EQ(read->data, binary);
    EXPECT_EQ(read->stat, *first);

    EXPECT_TRUE(fails_with(zookeeper.set(path, "late", 0), zk_errc::bad_version));
    EXPECT_TRUE(zookeeper.set(path, "in time", 1).has_value());
    EXPECT_TRUE(fails_with(zookeeper.remove(path, 1), zk_errc::bad_version));
    ASSERT_TRUE(zookeeper.create(path + "/child").has_value());
    EXPECT_TRUE(fails_with(zookeeper.remove(path, 2), zk_errc::not_empty));
    EXPECT_TRUE(zookeeper.remove(path + "/child").has_value());
    EXPECT_TRUE(zookeeper.remove(path, 2).has_value());
    EXPECT_TRUE(fails_with(zookeeper.get(path), zk_errc::no_node));
    EXPECT_TRUE(fails_with(zookeeper.children(path), zk_errc::no_node));
    EXPECT_EQ(zookeeper.exists(path).value(), std::nullopt);
    EXPECT_TRUE(zookeeper.sync().has_value());
}

TEST_F(RawClient, HugeData_IsRefusedByTheServerWithoutHurtingTheNextRequest) {
    // Over jute.maxbuffer: the server closes the connection; the effect is unknown to the client.
    const auto refused = zookeeper.set(path, std::string(2'000'000, 'x'));
    EXPECT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error() == errc::connection_lost ||
                refused.error() == errc::invalid_argument || refused.error() == errc::timed_out)
        << why(refused);
    ASSERT_TRUE(us.wait_connected(patient(10s)).has_value());
    EXPECT_TRUE(zookeeper.set(path, std::string(900'000, 'x')).has_value());
    EXPECT_EQ(zookeeper.get(path)->data.size(), 900'000U);
}

TEST_F(RawClient, Multi_IsAllOrNothing) {
    Multi changes;
    changes.create(path + "/a", "1")
        .create(path + "/a/b", "2", {.mode = CreateMode::ephemeral_sequential})
        .set(path, "changed")
        .check(path, 1);
    const auto made = zookeeper.multi(changes);
    ASSERT_TRUE(made.has_value()) << why(made);
    ASSERT_EQ(made->size(), 4U);
    EXPECT_EQ((*made)[1].path, path + "/a/b0000000000");
    EXPECT_EQ((*made)[2].stat->version, 1);

    Multi failing;
    failing.create(path + "/x").remove(path + "/absent").set(path, "never");
    const auto failed = zookeeper.multi(failing);
    EXPECT_TRUE(fails_with(failed, zk_errc::no_node));
    EXPECT_NE(why(failed).find("/absent"), std::string::npos) << "it names the failing part";
    EXPECT_EQ(zookeeper.exists(path + "/x").value(), std::nullopt);
    EXPECT_EQ(zookeeper.get(path)->data, "changed");
    EXPECT_TRUE(zookeeper.multi(Multi()).has_value()) << "an empty one is a write barrier";
}

TEST_F(RawClient, Watches_TellOfTheFirstChange) {
    auto data = zookeeper.get_watched(path);
    auto children = zookeeper.children_watched(path);
    auto absent = zookeeper.exists_watched(path + "/later");
    ASSERT_TRUE(data.has_value() && children.has_value() && absent.has_value());
    EXPECT_EQ(absent->value, std::nullopt);
    EXPECT_TRUE(fails_with(data->watch.wait(20ms), errc::timed_out)) << "and stays armed";

    ASSERT_TRUE(other.zookeeper().set(path, "new").has_value());
    const auto changed = data->watch.wait(patient(5s));
    ASSERT_TRUE(changed.has_value()) << why(changed);
    EXPECT_EQ(changed->type, WatchEventType::data_changed);
    EXPECT_EQ(changed->path, path);
    ASSERT_TRUE(other.zookeeper().create(path + "/later").has_value());
    EXPECT_EQ(children->watch.wait(patient(5s)).value().type, WatchEventType::children_changed);
    const auto created = absent->watch.wait(patient(5s));
    ASSERT_TRUE(created.has_value()) << why(created);
    EXPECT_EQ(created->type, WatchEventType::created);
    EXPECT_EQ(created->path, path + "/later");
    auto gone = zookeeper.get_watched(path + "/later");
    ASSERT_TRUE(gone.has_value()) << why(gone);
    ASSERT_TRUE(other.zookeeper().remove(path + "/later").has_value());
    EXPECT_EQ(gone->watch.wait(patient(5s)).value().type, WatchEventType::deleted);
}

TEST_F(RawClient, DroppedWatch_GoesFromTheServer) {
    {
        auto watched = zookeeper.get_watched(path);
        ASSERT_TRUE(watched.has_value()) << why(watched);
        EXPECT_TRUE(data_watches(one_server().server().port()).contains(path));
    }
    EXPECT_TRUE(
        eventually([&] { return !data_watches(one_server().server().port()).contains(path); }));
    EXPECT_TRUE(fails_with(zookeeper.get_watched(path + "/absent"), zk_errc::no_node));
    EXPECT_FALSE(data_watches(one_server().server().port()).contains(path + "/absent"))
        << "a failed read leaves none";
}

TEST_F(RawClient, Watches_OutliveTheConnectionAndTellWhatWasMissed) {
    ASSERT_TRUE(other.zookeeper().create(path + "/missed").has_value());
    ASSERT_TRUE(other.zookeeper().create(path + "/there").has_value());
    auto kept = zookeeper.get_watched(path);
    auto missed = zookeeper.get_watched(path + "/missed");
    auto absent = zookeeper.exists_watched(path + "/absent");
    auto there = zookeeper.exists_watched(path + "/there");
    ASSERT_TRUE(kept.has_value() && missed.has_value());
    ASSERT_TRUE(absent.has_value() && there.has_value());
    proxy.refuse(true);
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.state() != ClientState::connected; }));
    ASSERT_TRUE(other.zookeeper().remove(path + "/missed").has_value());
    ASSERT_TRUE(other.zookeeper().remove(path + "/there").has_value());
    proxy.refuse(false);
    const auto heard = missed->watch.wait(patient(10s));
    ASSERT_TRUE(heard.has_value()) << why(heard);
    EXPECT_EQ(heard->type, WatchEventType::deleted);
    const auto gone = there->watch.wait(patient(10s));
    ASSERT_TRUE(gone.has_value()) << why(gone);
    EXPECT_EQ(gone->type, WatchEventType::deleted);
    EXPECT_GE(proxy.requests(wire::Opcode::set_watches), 1U);
    EXPECT_TRUE(fails_with(kept->watch.wait(20ms), errc::timed_out)) << "nothing happened to it";
    ASSERT_TRUE(other.zookeeper().set(path, "now").has_value());
    ASSERT_TRUE(other.zookeeper().create(path + "/absent").has_value());
    EXPECT_EQ(kept->watch.wait(patient(5s)).value().type, WatchEventType::data_changed);
    EXPECT_EQ(absent->watch.wait(patient(5s)).value().type, WatchEventType::created);
}

TEST_F(RawClient, ManyWatches_OutliveTheConnectionInSeveralPackets) {
    // 2 000 paths of 100 bytes are more than one setWatches packet of 128 KiB may hold.
    const std::string pad(100, 'w');
    std::vector<std::future<result<Watched<std::optional<Stat>>>>> asked;
    for (int i = 0; i < 2'000; ++i) {
        asked.push_back(zookeeper.async_exists_watched(path + "/" + pad + std::to_string(i),
                                                       boost::asio::use_future));
    }
    std::vector<Watched<std::optional<Stat>>> all;
    for (auto& each : asked) {
        all.push_back(each.get().value());
    }
    EXPECT_EQ(us.stats().watches, 2'000U);
    proxy.cut_all();
    // The server may go on counting those of the old connection for a moment.
    ASSERT_TRUE(eventually([&] {
        const auto counts = one_server().counts();
        return us.stats().reconnects == 1 && proxy.requests(wire::Opcode::set_watches) >= 2 &&
               counts && counts->watches == 2'000;
    }));
    ASSERT_TRUE(other.zookeeper().create(path + "/" + pad + "1999").has_value());
    EXPECT_TRUE(all.back().watch.wait(patient(5s)).has_value());
}

TEST_F(RawClient, LostWrite_SaysThatItsEffectIsUnknown) {
    proxy.judge(on_reply(wire::Opcode::set_data, Verdict::cut_before));
    EXPECT_TRUE(fails_with(zookeeper.set(path, "maybe"), errc::connection_lost));
    EXPECT_EQ(other.zookeeper().get(path)->data, "maybe") << "here it did take effect";
}

TEST_F(RawClient, SilentServer_EndsOperationsByTheirTimeLimit) {
    proxy.black_hole(true);
    const Instant asked = BootClock::now();
    EXPECT_TRUE(fails_with(zookeeper.with_timeout(200ms).get(path), errc::timed_out));
    EXPECT_LE(BootClock::now() - asked, 200ms + patient(250ms));
    proxy.black_hole(false);
    EXPECT_TRUE(zookeeper.get(path).has_value());
}

TEST_F(RawClient, Credentials_AreSentAgainOnEachConnection) {
    ASSERT_TRUE(us.add_auth("digest", "shop:secret").has_value());
    const std::string ours = path + "/ours";
    ASSERT_TRUE(zookeeper.create(ours, "private").has_value()) << "creator only, by default";
    EXPECT_TRUE(fails_with(other.zookeeper().get(ours), zk_errc::no_auth));
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    EXPECT_EQ(zookeeper.get(ours)->data, "private");
    auto lock = us.lock(path + "/lock", {.wait = 10s, .budget = 2s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_TRUE(lock->release().has_value());
}

}  // namespace
}  // namespace leasehold::integration
