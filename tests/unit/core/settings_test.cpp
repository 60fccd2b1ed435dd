#include "sdk/core/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// ---- connect strings ----

TEST(ConnectString, NamesHostsPortsAndChroot) {
    const auto parsed = parse_connect_string("zk1:2281,zk2,10.0.0.3:1/shop/eu");
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_THAT(parsed.value().hosts,
                ElementsAre(Endpoint{"zk1", 2281}, Endpoint{"zk2", 2181}, Endpoint{"10.0.0.3", 1}));
    EXPECT_EQ(parsed.value().chroot, "/shop/eu");
}

TEST(ConnectString, SlashAloneIsNoChroot) {
    for (const std::string_view text : {"zk1", "zk1/"}) {
        const auto parsed = parse_connect_string(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed.value().chroot, "");
    }
}

TEST(ConnectString, SchemeAsksForTls) {
    const auto parsed = parse_connect_string("tls://zk1:2281,[::1]:1/shop");
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_TRUE(parsed.value().asks_for_tls);
    EXPECT_THAT(parsed.value().hosts, ElementsAre(Endpoint{"zk1", 2281}, Endpoint{"::1", 1}));
    EXPECT_EQ(parsed.value().chroot, "/shop");
    EXPECT_FALSE(parse_connect_string("zk1:2281/a").value().asks_for_tls);
}

TEST(ConnectString, AnySchemeButTlsIsRefused) {
    for (const std::string_view text :
         {"zk://a:1", "TLS://a:1", "zks://a", "tls:://a", "://a", "tls://", "tls:///a",
          "tls://tls://a", "tls:/a", "a:1,tls://b:1"}) {
        const auto parsed = parse_connect_string(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error(), errc::invalid_argument) << text;
    }
    EXPECT_THAT(parse_connect_string("zk://a:1").error().message(), HasSubstr("tls://host:port"));
}

TEST(ConnectString, Ipv6AddressesStandInBrackets) {
    const auto parsed = parse_connect_string("[::1],[2001:db8::2]:2182,[fe80::1%eth0]:65535/x");
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_THAT(parsed.value().hosts,
                ElementsAre(Endpoint{"::1", 2181}, Endpoint{"2001:db8::2", 2182},
                            Endpoint{"fe80::1%eth0", 65535}));
}

TEST(ConnectString, DuplicatesAreDroppedAndTheFirstKept) {
    const auto parsed = parse_connect_string("zk1,zk2:2181,ZK1:2181,zk1:2182,zk2");
    ASSERT_TRUE(parsed);
    EXPECT_THAT(parsed.value().hosts,
                ElementsAre(Endpoint{"zk1", 2181}, Endpoint{"zk2", 2181}, Endpoint{"zk1", 2182}));
}

struct Malformed {
    std::string text;
    std::string complaint;  ///< a part of the error that names the place
};

class MalformedConnectString : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedConnectString, IsRefusedWithItsPlace) {
    const auto parsed = parse_connect_string(GetParam().text);
    ASSERT_FALSE(parsed) << GetParam().text;
    EXPECT_TRUE(parsed.error() == errc::invalid_argument);
    EXPECT_THAT(parsed.error().context().what, HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, MalformedConnectString,
    ::testing::Values(
        Malformed{"", "the connect string is empty"},
        Malformed{"/shop", "no host before the chroot"}, Malformed{" ", "blank at offset 0"},
        Malformed{"zk1 ,zk2", "blank at offset 3"}, Malformed{"zk1,\tzk2", "blank at offset 4"},
        Malformed{"zk1\n", "control character 0x0a at offset 3"},
        Malformed{std::string("zk\0", 3), "control character 0x00 at offset 2"},
        Malformed{"zk\x7f", "control character 0x7f at offset 2"},
        Malformed{"z\xc3\xbcrich", "non-ASCII byte 0xc3 at offset 1"},
        Malformed{",zk1", "host 1 \"\": there is nothing"},
        Malformed{"zk1,", "host 2 \"\": there is nothing"},
        Malformed{"zk1,,zk2", "host 2 \"\": there is nothing"},
        Malformed{",", "host 1 \"\": there is nothing"},
        Malformed{"zk1,zk2:", "host 2 \"zk2:\": the port after ':' is missing"},
        Malformed{":2181", "host 1 \":2181\": the host before ':' is missing"},
        Malformed{"zk1:0", "the port is outside 1..65535"},
        Malformed{"zk1:65536", "the port is outside 1..65535"},
        Malformed{"zk1:99999", "the port is outside 1..65535"},
        Malformed{"zk1:99999999999999999999", "the port is outside 1..65535"},
        Malformed{"zk1:12x", "the port is no number"},
        Malformed{"zk1:x12", "the port is no number"}, Malformed{"zk1:-1", "the port is no number"},
        Malformed{"zk1:+1", "the port is no number"},
        Malformed{"::1", "an IPv6 address stands in brackets"},
        Malformed{"zk1:1:2", "an IPv6 address stands in brackets"},
        Malformed{"[::1", "the bracket is not closed"},
        Malformed{"[::1/shop", "the bracket is not closed"},
        Malformed{"[]", "no IPv6 address between the brackets"},
        Malformed{"[zk1]:2181", "no IPv6 address between the brackets"},
        Malformed{"[::1]2181", "only ':' and a port may follow the bracket"},
        Malformed{"[::1]:", "the port after ':' is missing"},
        Malformed{"zk[1]", "brackets stand around the whole host"},
        Malformed{"zk1]", "brackets stand around the whole host"},
        Malformed{std::string(256, 'a'), "longer than 255 bytes"}));

INSTANTIATE_TEST_SUITE_P(
    Chroots, MalformedConnectString,
    ::testing::Values(Malformed{"zk1//", "the chroot"}, Malformed{"zk1//a", "the chroot"},
                      Malformed{"zk1/a/", "the chroot"}, Malformed{"zk1/a//b", "the chroot"},
                      Malformed{"zk1/.", "the chroot"}, Malformed{"zk1/a/../b", "the chroot"},
                      Malformed{"zk1/a\x01", "the chroot"},
                      Malformed{"zk://zk1", "there is no such scheme"}));

TEST(ConnectString, RefusedChrootIsShownAsAPath) {
    const auto parsed = parse_connect_string("zk1/a/");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().context().path, "/a/");
}

TEST(ConnectString, LongestHostIsAccepted) {
    std::string text(255, 'a');
    text.append(":1");
    EXPECT_TRUE(parse_connect_string(text));
}

TEST(ConnectString, LongHostIsNotQuotedWhole) {
    const auto parsed = parse_connect_string(std::string(10'000, 'a'));
    ASSERT_FALSE(parsed);
    EXPECT_LT(parsed.error().context().what.size(), 200u);
}

std::string many_hosts(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += (i == 0 ? "zk" : ",zk") + std::to_string(i);
    }
    return text;
}

TEST(ConnectString, ThousandHostsAreAcceptedAndNotOneMore) {
    const auto most = parse_connect_string(many_hosts(1000));
    ASSERT_TRUE(most);
    EXPECT_EQ(most.value().hosts.size(), 1000u);
    const auto more = parse_connect_string(many_hosts(1001));
    ASSERT_FALSE(more);
    EXPECT_THAT(more.error().context().what, HasSubstr("more than 1000 hosts"));
}

// ---- versions ----

TEST(ServerVersion, IsReadFromVersionTextsAndFromSrvr) {
    using Case = std::tuple<std::string_view, ServerVersion>;
    for (const auto& [text, version] :
         {Case{"3.8.0", {3, 8, 0}}, Case{"3.8", {3, 8, 0}}, Case{"3.10.12", {3, 10, 12}},
          Case{"3.4.8--1, built on 02/06/2016", {3, 4, 8}}, Case{"3.5.0-alpha", {3, 5, 0}},
          Case{"3.4.5-cdh5.16.2", {3, 4, 5}}, Case{"3.4.6.2.6.5.0-292", {3, 4, 6}},
          Case{"3.9.5\r", {3, 9, 5}}, Case{"3.9.5+vendor", {3, 9, 5}},
          Case{"Zookeeper version: 3.8.0-5a02a05, built on 2022-02-25", {3, 8, 0}}}) {
        EXPECT_EQ(parse_server_version(text), version) << text;
    }
}

TEST(ServerVersion, WhatIsNoVersionIsNotGuessed) {
    for (const std::string_view text :
         {"", "3", "3.", ".", "3..1", "3.8.", "v3.8.0", " 3.8.0", "3.8.0rc1", "3.8x", "-3.8.0",
          "3.-8", "12345.1.1", "3.8.99999", "Zookeeper version: ", "Zookeeper version: x"}) {
        EXPECT_FALSE(parse_server_version(text)) << text;
    }
}

TEST(ServerVersion, DecidesWhatMayBeSent) {
    EXPECT_FALSE((ServerVersion{3, 4, 14}.has_containers()));
    EXPECT_FALSE((ServerVersion{3, 5, 0}.has_remove_watches()));
    EXPECT_TRUE((ServerVersion{3, 5, 1}.has_containers()));
    EXPECT_TRUE((ServerVersion{3, 10, 0}.has_remove_watches()));
}

// ---- options ----

Settings made(const ClientOptions& options) {
    const auto settings = make_settings("zk1", options);
    EXPECT_TRUE(settings) << settings.error().message();
    return settings ? settings.value() : Settings{};
}

std::string refusal(const ClientOptions& options) {
    const auto settings = make_settings("zk1", options);
    if (settings) {
        return "accepted";
    }
    EXPECT_TRUE(settings.error() == errc::invalid_argument);
    return settings.error().context().what;
}

TEST(ClientSettings, DefaultsAreThoseOfZooKeeper) {
    const Settings settings = made({});
    EXPECT_EQ(settings.session_timeout, 40s);
    EXPECT_EQ(settings.timing.tick, 2s);
    EXPECT_EQ(settings.timing.sync_limit, 5);
    EXPECT_FALSE(settings.timing.standalone);
    EXPECT_EQ(settings.timing.ack_gap, 2s);
    EXPECT_EQ(settings.timing.clock_drift, 0.01);
    EXPECT_EQ(settings.timing.margin, 250ms);
    EXPECT_EQ(settings.timing.delta(), 16s);
    EXPECT_EQ(settings.connect_timeout, 5s);
    EXPECT_EQ(settings.backoff_min, 100ms);
    EXPECT_EQ(settings.backoff_max, 2s);
    EXPECT_EQ(settings.max_connects_per_second, 10);
    EXPECT_EQ(settings.max_frame_bytes, 4u << 20);
    EXPECT_EQ(settings.max_pending, 100'000u);
    EXPECT_EQ(settings.orphan_limit, 60s);
    EXPECT_EQ(settings.server_version, std::nullopt);
}

TEST(ClientSettings, AckGapIsTheTickAtMostTwoSeconds) {
    EXPECT_EQ(made({.tick = 200ms}).timing.ack_gap, 200ms);
    EXPECT_EQ(made({.tick = 3s}).timing.ack_gap, 2s);
    EXPECT_EQ(made({.tick = 200ms, .ack_gap = 700ms}).timing.ack_gap, 700ms);
}

TEST(ClientSettings, BackOffReachesATwentiethOfTheSessionTimeout) {
    EXPECT_EQ(made({.session_timeout = 4s}).backoff_max, 250ms);
    EXPECT_EQ(made({.session_timeout = 60s}).backoff_max, 3s);
    EXPECT_EQ(made({.session_timeout = 1h}).backoff_max, 10s);
    EXPECT_EQ(made({.session_timeout = 4s, .backoff_max = 7s}).backoff_max, 7s);
    EXPECT_EQ(made({.session_timeout = 4s, .backoff_min = 1s}).backoff_max, 1s);
}

TEST(ClientSettings, ServerVersionIsReadOrRefused) {
    EXPECT_EQ(made({.server_version = "3.8.0"}).server_version, (ServerVersion{3, 8, 0}));
    EXPECT_THAT(refusal({.server_version = "latest"}), HasSubstr("server_version"));
}

TEST(ClientSettings, ForEverIsLongButFinite) {
    const Settings settings = made({.margin = milliseconds::max(),
                                    .connect_timeout = milliseconds::max(),
                                    .orphan_limit = milliseconds::max()});
    EXPECT_EQ(settings.connect_timeout, Duration::max());
    EXPECT_EQ(settings.orphan_limit, Duration::max());
    EXPECT_EQ(settings.timing.margin, Duration::max());
}

TEST(ClientSettings, ConnectStringIsCheckedWithThem) {
    EXPECT_TRUE(make_settings("zk1:0", {}).has_error());
    const auto settings = make_settings("zk1,zk2/shop", {});
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings.value().servers.hosts.size(), 2u);
    EXPECT_EQ(settings.value().servers.chroot, "/shop");
}

TEST(ClientSettings, EveryOptionOutsideItsBoundsIsRefusedByName) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr milliseconds over_int32{std::int64_t{1} << 31};
    const std::vector<std::pair<ClientOptions, std::string>> cases{
        {{.session_timeout = 0ms}, "session_timeout is 0 ms; it must be at least 1 ms"},
        {{.session_timeout = -1ms}, "session_timeout"},
        {{.session_timeout = over_int32}, "session_timeout is 2147483648 ms; it must be at most"},
        {{.tick = 0ms}, "tick"},
        {{.tick = over_int32}, "tick"},
        {{.sync_limit = 0}, "sync_limit is 0; it must be 1 to 1000"},
        {{.sync_limit = 1001}, "sync_limit"},
        {{.ack_gap = -1ms}, "ack_gap"},
        {{.clock_drift = -0.001}, "clock_drift"},
        {{.clock_drift = 0.5}, "clock_drift is 0.500000; it must be at least 0 and below 0.5"},
        {{.clock_drift = nan}, "clock_drift is nan"},
        {{.margin = -1ms}, "margin"},
        {{.connect_timeout = 0ms}, "connect_timeout"},
        {{.backoff_min = 0ms}, "backoff_min"},
        {{.backoff_max = -1ms}, "backoff_max"},
        {{.backoff_min = 500ms, .backoff_max = 499ms},
         "backoff_max is 499 ms; it must be at least 500 ms"},
        {{.max_connects_per_second = 0}, "max_connects_per_second"},
        {{.max_frame_bytes = 1023}, "max_frame_bytes"},
        {{.max_frame_bytes = std::size_t{1} << 31}, "max_frame_bytes"},
        {{.max_pending = 0}, "max_pending"},
        {{.orphan_limit = 0ms}, "orphan_limit"},
    };
    for (const auto& [options, complaint] : cases) {
        EXPECT_THAT(refusal(options), HasSubstr(complaint));
    }
}

TEST(ClientSettings, BoundsThemselvesAreAccepted) {
    EXPECT_EQ(refusal({.session_timeout = milliseconds{std::numeric_limits<std::int32_t>::max()},
                       .tick = 1ms,
                       .sync_limit = 1000,
                       .clock_drift = 0.0,
                       .margin = 0ms,
                       .backoff_min = 500ms,
                       .backoff_max = 500ms,
                       .max_connects_per_second = 1000,
                       .max_frame_bytes = 1024,
                       .max_pending = 1}),
              "accepted");
    EXPECT_EQ(refusal({.sync_limit = 1, .clock_drift = 0.499}), "accepted");
}

// ---- arithmetic that cannot overflow ----

TEST(SaturatingTime, MillisecondsBecomeTheNearestDuration) {
    EXPECT_EQ(saturate(1500ms), Duration{1'500'000'000});
    EXPECT_EQ(saturate(-1ms), Duration{-1'000'000});
    EXPECT_EQ(saturate(milliseconds::max()), Duration::max());
    EXPECT_EQ(saturate(milliseconds::min()), Duration::min());
    EXPECT_EQ(saturate(milliseconds{9'223'372'036'854}), Duration{9'223'372'036'854'000'000});
    EXPECT_EQ(saturate(milliseconds{9'223'372'036'855}), Duration::max());
}

TEST(SaturatingTime, LaterStopsAtTheEndOfTime) {
    const Instant now{1h};
    EXPECT_EQ(later(now, 1s), now + 1s);
    EXPECT_EQ(later(now, -1s), now - 1s);
    EXPECT_EQ(later(now, Duration::max()), Instant::max());
    EXPECT_EQ(later(Instant::max(), 1ns), Instant::max());
    EXPECT_EQ(later(Instant::min(), -1ns), Instant::min());
    EXPECT_EQ(later(Instant{-1h}, Duration::min()), Instant::min());
    EXPECT_EQ(later(Instant::max(), -1ns), Instant::max() - 1ns);
    EXPECT_EQ(later(Instant::min(), Duration::max()), Instant{-1ns});
}

// ---- TLS ----

TEST(TlsSettings, AbsentUnlessAskedFor) {
    const Settings settings = make_settings("zk1", {}).value();
    EXPECT_FALSE(settings.tls);
    EXPECT_EQ(settings.servers.hosts.front().name, "");
}

TEST(TlsSettings, AnythingThatSpeaksOfTlsTurnsItOn) {
    EXPECT_TRUE(make_settings("tls://zk1", {}).value().tls);
    for (const TlsOptions& tls :
         {TlsOptions{.enabled = true}, TlsOptions{.ca_file = "x"}, TlsOptions{.ca_directory = "x"},
          TlsOptions{.certificate_file = "x"}, TlsOptions{.server_name = "x"},
          TlsOptions{.min_version = TlsVersion::tls_1_3}}) {
        EXPECT_TRUE(make_settings("zk1", {.tls = tls}).value().tls);
    }
}

TEST(TlsSettings, EachHostHasTheNameItHasToProve) {
    const auto names = [](std::string_view hosts, const TlsOptions& tls) {
        const Settings settings = make_settings(hosts, {.tls = tls}).value();
        std::vector<std::string> found;
        for (const Endpoint& host : settings.servers.hosts) {
            found.push_back(host.name);
        }
        return found;
    };
    EXPECT_THAT(names("tls://zk1:1,10.0.0.1:2,[fe80::1%eth0]:3", {}),
                ElementsAre("zk1", "10.0.0.1", "fe80::1"));
    EXPECT_THAT(names("tls://zk1:1,zk2:2", {.server_name = "zk.example"}),
                ElementsAre("zk.example", "zk.example"));
}

TEST(TlsSettings, WhatCannotBeMeantIsRefused) {
    const std::string long_text(5000, 'x');
    for (const TlsOptions& tls :
         {TlsOptions{.key_file = "x"}, TlsOptions{.passphrase_file = "x"},
          TlsOptions{.passphrase_env = "x"},
          TlsOptions{.certificate_file = "x", .passphrase_file = "x", .passphrase_env = "x"},
          TlsOptions{.ca_file = long_text}, TlsOptions{.server_name = long_text},
          TlsOptions{.ca_file = std::string_view("a\0b", 3)},
          TlsOptions{.min_version = static_cast<TlsVersion>(7)}}) {
        const auto settings = make_settings("zk1", {.tls = tls});
        ASSERT_FALSE(settings);
        EXPECT_EQ(settings.error(), errc::invalid_argument);
    }
}

}  // namespace
}  // namespace leasehold::core
