#include "sdk/net/resolver.hpp"

#include "tests/unit/net/gate.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::net {
namespace {

using namespace std::chrono_literals;
using core::Endpoint;
using testing::ElementsAre;
using testing::IsEmpty;

class ResolverTest : public testing::Test {
protected:
    /// Runs the loop until the resolver has answered.
    std::vector<Endpoint> resolve(Resolver& resolver, std::vector<Endpoint> hosts) {
        std::optional<std::vector<Endpoint>> answer;
        resolver.resolve(std::move(hosts), [&](auto endpoints) { answer = std::move(endpoints); });
        while (!answer) {
            x_io.restart();
            x_io.run_one_for(10s);
        }
        return *answer;
    }

    boost::asio::io_context x_io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work{
        x_io.get_executor()};
};

Lookup table(std::map<std::string, std::vector<std::string>> entries) {
    return [entries = std::move(entries)](const std::string& host) {
        const auto found = entries.find(host);
        return found == entries.end() ? std::vector<std::string>{} : found->second;
    };
}

TEST_F(ResolverTest, NumericAddressesNeedNoNameService) {
    Resolver resolver(x_io, 10s, [](const std::string& host) -> std::vector<std::string> {
        ADD_FAILURE() << "asked for " << host;
        return {};
    });
    EXPECT_THAT(resolve(resolver, {{"10.0.0.1", 1}, {"::1", 2}}),
                ElementsAre(Endpoint{"10.0.0.1", 1}, Endpoint{"::1", 2}));
}

TEST_F(ResolverTest, NamesBecomeAllTheirAddresses) {
    Resolver resolver(x_io, 10s, table({{"zk1", {"10.0.0.1", "10.0.0.2"}}, {"zk2", {"::1"}}}));
    EXPECT_THAT(resolve(resolver, {{"zk1", 1}, {"zk2", 2}}),
                ElementsAre(Endpoint{"10.0.0.1", 1}, Endpoint{"10.0.0.2", 1}, Endpoint{"::1", 2}));
}

TEST_F(ResolverTest, SameAddressIsTriedOnce) {
    Resolver resolver(x_io, 10s, table({{"zk1", {"10.0.0.1"}}, {"zk2", {"10.0.0.1"}}}));
    EXPECT_THAT(resolve(resolver, {{"zk1", 1}, {"zk2", 1}, {"10.0.0.1", 1}, {"zk2", 7}}),
                ElementsAre(Endpoint{"10.0.0.1", 1}, Endpoint{"10.0.0.1", 7}));
}

TEST_F(ResolverTest, UnknownNamesAreLeftOut) {
    Resolver resolver(x_io, 10s, table({{"zk1", {"10.0.0.1"}}}));
    EXPECT_THAT(resolve(resolver, {{"nowhere", 1}, {"zk1", 1}}),
                ElementsAre(Endpoint{"10.0.0.1", 1}));
    EXPECT_THAT(resolve(resolver, {{"nowhere", 1}}), IsEmpty());
}

TEST_F(ResolverTest, AddressesAreCapped) {
    std::vector<std::string> many;
    for (int i = 0; i < 200; ++i) {
        many.push_back("10.0.0." + std::to_string(i));
    }
    std::map<std::string, std::vector<std::string>> entries;
    std::vector<Endpoint> hosts;
    for (int i = 0; i < 10; ++i) {
        entries["zk" + std::to_string(i)] = many;
        hosts.push_back({"zk" + std::to_string(i), static_cast<std::uint16_t>(i + 1)});
    }
    Resolver resolver(x_io, 10s, table(entries));
    EXPECT_EQ(resolve(resolver, {hosts.front()}).size(), Resolver::most_per_host);
    EXPECT_EQ(resolve(resolver, hosts).size(), Resolver::most);
}

TEST_F(ResolverTest, StuckNameServiceDoesNotHoldUpWhatIsKnown) {
    const auto gate = std::make_shared<Gate>();
    Resolver resolver(x_io, 20ms, [gate](const std::string&) -> std::vector<std::string> {
        gate->pass();
        return {"10.0.0.9"};
    });
    EXPECT_THAT(resolve(resolver, {{"stuck", 1}, {"10.0.0.1", 1}}),
                ElementsAre(Endpoint{"10.0.0.1", 1}));
    gate->open();
}

TEST_F(ResolverTest, LookUpUnderWayIsWaitedForAndNotDoubled) {
    const auto gate = std::make_shared<Gate>();
    const auto asked = std::make_shared<std::atomic<int>>(0);
    Resolver resolver(x_io, 20ms, [gate, asked](const std::string&) -> std::vector<std::string> {
        ++*asked;
        gate->pass();
        return {"10.0.0.9"};
    });
    EXPECT_THAT(resolve(resolver, {{"slow", 1}}), IsEmpty());
    EXPECT_THAT(resolve(resolver, {{"slow", 1}}), IsEmpty());
    gate->open();
    std::vector<Endpoint> endpoints;
    while (endpoints.empty()) {
        endpoints = resolve(resolver, {{"slow", 1}});
    }
    EXPECT_THAT(endpoints, ElementsAre(Endpoint{"10.0.0.9", 1}));
    EXPECT_GE(*asked, 1);
}

TEST_F(ResolverTest, WhatWasKnownServesWhileTheNameServiceIsDown) {
    const auto is_down = std::make_shared<std::atomic<bool>>(false);
    Resolver resolver(x_io, 10s, [is_down](const std::string&) -> std::vector<std::string> {
        return *is_down ? std::vector<std::string>{} : std::vector<std::string>{"10.0.0.1"};
    });
    EXPECT_THAT(resolve(resolver, {{"zk1", 1}}), ElementsAre(Endpoint{"10.0.0.1", 1}));
    *is_down = true;
    EXPECT_THAT(resolve(resolver, {{"zk1", 1}}), ElementsAre(Endpoint{"10.0.0.1", 1}));
}

TEST_F(ResolverTest, DestroyedResolverIsNotTouchedByItsLookUp) {
    const auto gate = std::make_shared<Gate>();
    const auto begun = std::make_shared<std::promise<void>>();
    const auto is_over = std::make_shared<std::promise<void>>();
    {
        boost::asio::io_context io;
        Resolver resolver(io, 10s,
                          [gate, begun, is_over](const std::string&) -> std::vector<std::string> {
                              begun->set_value();
                              gate->pass();
                              is_over->set_value();
                              return {"10.0.0.9"};
                          });
        resolver.resolve({{"stuck", 1}}, [](auto) { ADD_FAILURE() << "answered"; });
        begun->get_future().wait();
    }  // neither the resolver nor the loop waits for the name service
    gate->open();
    is_over->get_future().wait();
}

TEST_F(ResolverTest, SystemsResolverKnowsLocalhost) {
    EXPECT_THAT(look_up("localhost"), testing::Contains(testing::AnyOf("127.0.0.1", "::1")));
    EXPECT_THAT(look_up("no-such-host.invalid"), IsEmpty());
}

}  // namespace
}  // namespace leasehold::net
