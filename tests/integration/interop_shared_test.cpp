// Shared locks in one queue with those of other clients: Curator's InterProcessReadWriteLock, and
// kazoo's ReadLock and WriteLock, in both directions.
#include "tests/integration/read_write_peers.hpp"

#include <boost/asio/use_future.hpp>

#include <string>

namespace leasehold::integration {
namespace {

class SharedInterop : public WithAPeer, public ::testing::WithParamInterface<Library> {
protected:
    SharedInterop() : WithAPeer(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(With, SharedInterop, ::testing::ValuesIn(libraries),
                         [](const auto& library) { return std::string(library.param.name); });

TEST_P(SharedInterop, OurReadersAndTheirs_HoldTogether) {
    auto first = us.lock_shared(path, options);
    ASSERT_TRUE(first.has_value()) << why(first);
    they().read("r1", path);
    they().expect_granted("r1");
    ASSERT_TRUE(first->valid());
    auto second = observer.lock_shared(path, options);
    ASSERT_TRUE(second.has_value()) << why(second);
    EXPECT_TRUE(first->valid() && second->valid());
    EXPECT_EQ(nodes_under(observer, path), 3);
    they().release("r1");
}

TEST_P(SharedInterop, OurReader_WaitsForTheirWriter) {
    they().write("w1", path);
    they().expect_granted("w1");
    auto ours = read(us);
    ASSERT_TRUE(are_queued(2));
    EXPECT_TRUE(still_waits(ours)) << "granted beside their writer";
    they().release("w1");
    const auto granted = ours.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(granted->kind(), LockKind::shared);
}

TEST_P(SharedInterop, OurWriter_WaitsForTheirReaders) {
    they().read("r1", path);
    they().expect_granted("r1");
    they().read("r2", path);
    they().expect_granted("r2");
    auto ours = write(us);
    ASSERT_TRUE(are_queued(3));
    they().release("r2");
    EXPECT_TRUE(still_waits(ours)) << "granted beside their first reader";
    they().release("r1");
    const auto granted = ours.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GT(granted->token(), 0);
}

TEST_P(SharedInterop, TheirWriter_WaitsForOurReaders) {
    auto first = us.lock_shared(path, options);
    ASSERT_TRUE(first.has_value()) << why(first);
    auto second = us.lock_shared(path, options);
    ASSERT_TRUE(second.has_value()) << why(second);
    they().write("w1", path);
    ASSERT_TRUE(are_queued(3));
    ASSERT_TRUE(second->release().has_value());
    EXPECT_TRUE(they_still_wait("w1"));
    EXPECT_TRUE(first->valid()) << "too slow to tell";
    ASSERT_TRUE(first->release().has_value());
    they().expect_granted("w1");
    they().release("w1");
}

TEST_P(SharedInterop, TheirReader_WaitsForOurWriter) {
    auto ours = us.lock(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    they().read("r1", path);
    ASSERT_TRUE(are_queued(2));
    EXPECT_TRUE(they_still_wait("r1"));
    EXPECT_TRUE(ours->valid()) << "too slow to tell";
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("r1");
    they().release("r1");
}

/// They know nothing of the mark, and are shut out until the node goes; ours are let in.
TEST_P(SharedInterop, OurDowngradedHolder_LetsOurReadersInAndNoneOfTheirs) {
    auto ours = us.lock(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    auto reading = read(observer);
    ASSERT_TRUE(are_queued(2));
    they().read("r1", path);
    ASSERT_TRUE(are_queued(3));
    const auto downgraded = ours->downgrade();
    ASSERT_TRUE(downgraded.has_value()) << why(downgraded);
    auto read = reading.get();
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_TRUE(they_still_wait("r1"));
    EXPECT_TRUE(ours->valid() && read->valid()) << "too slow to tell";
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("r1");
    EXPECT_TRUE(read->valid()) << "together with their reader";
    they().release("r1");
}

TEST_P(SharedInterop, TheirWriter_WaitsForOurDowngradedHolderAndItsReaders) {
    auto ours = us.lock(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    ASSERT_TRUE(ours->downgrade().has_value());
    auto read = observer.lock_shared(path, options);
    ASSERT_TRUE(read.has_value()) << why(read);
    they().write("w1", path);
    ASSERT_TRUE(are_queued(3));
    ASSERT_TRUE(ours->release().has_value());
    EXPECT_TRUE(they_still_wait("w1"));
    EXPECT_TRUE(read->valid()) << "too slow to tell";
    ASSERT_TRUE(read->release().has_value());
    they().expect_granted("w1");
    they().release("w1");
}

/// Ours, theirs, ours, and readers of both at the end.
TEST_P(SharedInterop, MixedQueue_IsServedInItsOrder) {
    auto gate = observer.lock(path, options);
    ASSERT_TRUE(gate.has_value()) << why(gate);
    auto our_first = read(us);
    ASSERT_TRUE(are_queued(2));
    they().write("w2", path);
    ASSERT_TRUE(are_queued(3));
    auto our_last = read(us);
    ASSERT_TRUE(are_queued(4));
    they().read("r4", path);
    ASSERT_TRUE(are_queued(5));
    ASSERT_TRUE(gate->release().has_value());

    auto reading = our_first.get();
    ASSERT_TRUE(reading.has_value()) << why(reading);
    EXPECT_TRUE(they_still_wait("w2"));
    ASSERT_TRUE(reading->release().has_value());
    they().expect_granted("w2");
    EXPECT_TRUE(still_waits(our_last));
    EXPECT_FALSE(they().was_granted("r4"));
    they().release("w2");
    they().expect_granted("r4");
    const auto last = our_last.get();
    ASSERT_TRUE(last.has_value()) << why(last);
    EXPECT_TRUE(last->valid()) << "together with their reader";
    they().release("r4");
}

/// kazoo's ReadLock before 2.9 waits, once it has to, also for writers behind it, and they for it:
/// nobody goes on until one of them gives up. Ours does, at the end of its wait.
TEST_P(SharedInterop, TheirWaitingReaderAndOurWriterBehindIt_AreNotStuckForEver) {
    auto gate = observer.lock(path, options);
    ASSERT_TRUE(gate.has_value()) << why(gate);
    they().read("r1", path);
    ASSERT_TRUE(are_queued(2));
    LockOptions brief = options;
    brief.wait = 3s;
    auto behind = us.async_lock(path, brief, boost::asio::use_future);
    ASSERT_TRUE(are_queued(3));
    ASSERT_TRUE(gate->release().has_value());
    EXPECT_TRUE(fails_with(behind.get(), errc::wait_expired)) << "their reader is not gone";
    they().expect_granted("r1");
    they().release("r1");
}

class CuratorsReadWriteLock : public WithAPeer {
protected:
    CuratorsReadWriteLock() : WithAPeer(libraries[0]) {}

    [[nodiscard]] ::testing::AssertionResult refused(const result<ScopedLock>& answer,
                                                     const std::string& remedy) {
        auto code = fails_with(answer, errc::mixed_queue);
        if (!code || why(answer).find(remedy) == std::string::npos) {
            return code << ", wanted in the text: " << remedy << ", got: " << why(answer);
        }
        return ::testing::AssertionSuccess();
    }
};

TEST_F(CuratorsReadWriteLock, QueueOfMoreReadersAndWriters_IsServedInItsOrder) {
    const Client third = connect(hosts);
    auto gate = observer.lock(path, options);
    ASSERT_TRUE(gate.has_value()) << why(gate);
    they().read("r1", path);
    ASSERT_TRUE(are_queued(2));
    auto our_reader = read(us);
    ASSERT_TRUE(are_queued(3));
    auto our_writer = write(us);
    ASSERT_TRUE(are_queued(4));
    they().read("r4", path);
    ASSERT_TRUE(are_queued(5));
    they().write("w5", path);
    ASSERT_TRUE(are_queued(6));
    auto our_last = write(third);
    ASSERT_TRUE(are_queued(7));
    ASSERT_TRUE(gate->release().has_value());
    they().expect_granted("r1");
    auto reading = our_reader.get();
    ASSERT_TRUE(reading.has_value()) << why(reading);
    they().release("r1");
    EXPECT_TRUE(still_waits(our_writer));
    ASSERT_TRUE(reading->release().has_value());
    auto writing = our_writer.get();
    ASSERT_TRUE(writing.has_value()) << why(writing);
    EXPECT_FALSE(they().was_granted("r4"));
    ASSERT_TRUE(writing->release().has_value());
    they().expect_granted("r4");
    EXPECT_FALSE(they().was_granted("w5"));
    they().release("r4");
    they().expect_granted("w5");
    EXPECT_TRUE(still_waits(our_last));
    they().release("w5");
    const auto last = our_last.get();
    ASSERT_TRUE(last.has_value()) << why(last);
    EXPECT_GT(last->token(), writing->token());
}

TEST_F(CuratorsReadWriteLock, PlainLock_IsRefusedBesideItsReadersAndWriters) {
    const LockOptions plain{.wait = 10s, .budget = 3s};
    for (const std::string kind : {"read", "write"}) {
        they().lock(kind, path, " " + kind);
        they().expect_granted(kind);
        EXPECT_TRUE(refused(us.lock(path, plain), "naming = curator_read_write")) << kind;
        EXPECT_TRUE(are_queued(1)) << "only theirs";
        they().release(kind);
        ASSERT_TRUE(are_queued(0));
    }
    const auto alone = us.lock(path, plain);
    EXPECT_TRUE(alone.has_value()) << why(alone);
}

TEST_F(CuratorsReadWriteLock, WhoSharesIsRefusedBesideItsMutex) {
    they().lock("m1", path);
    they().expect_granted("m1");
    for (const Naming naming : {Naming::curator, Naming::curator_read_write, Naming::kazoo}) {
        const LockOptions sharing{.wait = 10s, .budget = 3s, .naming = naming};
        EXPECT_TRUE(refused(us.lock_shared(path, sharing), "InterProcessMutex"));
        EXPECT_TRUE(are_queued(1)) << "only theirs";
    }
    EXPECT_TRUE(refused(us.lock(path, options), "naming = curator"));
    EXPECT_TRUE(are_queued(1)) << "only theirs";
    they().release("m1");
}

TEST(KazoosNodes, WhoSharesUnderCuratorsNames_IsRefusedBesideThem) {
    const Client us = connect(one_server().connect_string());
    const std::string path = existing_path(us);
    KazooPeer kazoo(one_server().connect_string());
    kazoo.lock("k1", path);
    kazoo.expect_granted("k1");
    for (const Naming naming : {Naming::curator, Naming::curator_read_write}) {
        const auto refused = us.lock_shared(path, {.wait = 10s, .budget = 3s, .naming = naming});
        EXPECT_TRUE(fails_with(refused, errc::mixed_queue));
        EXPECT_NE(why(refused).find("naming = kazoo"), std::string::npos) << why(refused);
        EXPECT_TRUE(becomes_nodes(us, path, 1)) << "only kazoo's";
    }
    kazoo.release("k1");
}

/// Curator 5.5 and newer, whose reader takes the number of the writer that its thread holds.
TEST(CuratorsNodes, ReaderWithItsWritersNumber_IsWaitedForOnceTheWriterIsGone) {
    const Client us = connect(one_server().connect_string());
    const Client observer = connect(one_server().connect_string());
    const std::string path = existing_path(observer);
    const ZooKeeper theirs = observer.zookeeper();
    const auto writer = theirs.create(path + "/_c_f81d4fae-7dec-11d0-a765-00a0c91e6bf6-__WRIT__",
                                      "", {.mode = CreateMode::ephemeral_sequential});
    ASSERT_TRUE(writer.has_value()) << why(writer);
    auto waiting =
        us.async_lock(path, {.wait = 60s, .budget = 3s, .naming = Naming::curator_read_write},
                      boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    const auto reader = theirs.create(path + "/_c_a0000000-7dec-11d0-a765-00a0c91e6bf6-__READ__" +
                                          writer->substr(writer->size() - 10),
                                      "", {.mode = CreateMode::ephemeral});
    ASSERT_TRUE(reader.has_value()) << why(reader);
    ASSERT_TRUE(theirs.remove(*writer).has_value());
    EXPECT_EQ(waiting.wait_for(150ms), std::future_status::timeout) << "granted beside a reader";
    ASSERT_TRUE(theirs.remove(*reader).has_value());
    const auto granted = waiting.get();
    EXPECT_TRUE(granted.has_value()) << why(granted);
}

}  // namespace
}  // namespace leasehold::integration
