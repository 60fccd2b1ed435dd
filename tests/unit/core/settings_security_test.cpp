// The options of TLS and of SASL: what they make, and what cannot be meant by them.
#include "sdk/core/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {
namespace {

using ::testing::ElementsAre;

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

// ---- SASL ----

SaslOptions digest() {
    return {.mechanism = SaslMechanism::digest_md5, .user = "shop", .password_file = "x"};
}

TEST(SaslSettings, AbsentUnlessAskedFor) {
    const Settings settings = make_settings("zk1", {}).value();
    EXPECT_FALSE(settings.sasl);
    EXPECT_EQ(settings.servers.hosts.front().sasl_name, "");
}

TEST(SaslSettings, DefaultsAreThoseOfZooKeeper) {
    const Settings by_password = make_settings("zk1,zk2", {.sasl = digest()}).value();
    EXPECT_EQ(by_password.sasl.value().service, "zookeeper");
    EXPECT_EQ(by_password.servers.hosts.back().sasl_name, "zk-sasl-md5");
    const Settings by_ticket =
        make_settings("zk1,[fe80::1%eth0]:1", {.sasl = {.mechanism = SaslMechanism::gssapi}})
            .value();
    EXPECT_EQ(by_ticket.servers.hosts.front().sasl_name, "zk1");
    EXPECT_EQ(by_ticket.servers.hosts.back().sasl_name, "fe80::1");
    EXPECT_EQ(by_ticket.servers.hosts.front().name, "") << "that is for TLS";
}

TEST(SaslSettings, NamesCanBeGiven) {
    SaslOptions sasl = digest();
    sasl.service = "zk";
    sasl.server_name = "zk.example";
    const Settings settings = make_settings("tls://zk1", {.sasl = sasl}).value();
    EXPECT_EQ(settings.sasl.value().service, "zk");
    EXPECT_EQ(settings.servers.hosts.front().sasl_name, "zk.example");
    EXPECT_EQ(settings.servers.hosts.front().name, "zk1");
}

TEST(SaslSettings, WhatCannotBeMeantIsRefused) {
    constexpr auto md5 = SaslMechanism::digest_md5;
    constexpr auto gssapi = SaslMechanism::gssapi;
    const std::string long_text(5000, 'x');
    for (const SaslOptions& sasl :
         {SaslOptions{.user = "x"}, SaslOptions{.password_file = "x"},
          SaslOptions{.password_env = "x"}, SaslOptions{.service = "x"},
          SaslOptions{.server_name = "x"}, SaslOptions{.realm = "x"}, SaslOptions{.mechanism = md5},
          SaslOptions{.mechanism = md5, .user = "x"},
          SaslOptions{.mechanism = md5, .password_file = "x"},
          SaslOptions{.mechanism = md5, .user = "x", .password_file = "x", .password_env = "x"},
          SaslOptions{.mechanism = md5, .user = long_text, .password_file = "x"},
          SaslOptions{.mechanism = md5, .user = "x", .password_file = long_text},
          SaslOptions{.mechanism = md5, .user = std::string_view("a\0b", 3), .password_file = "x"},
          SaslOptions{.mechanism = gssapi, .user = "x"},
          SaslOptions{.mechanism = gssapi, .password_file = "x"},
          SaslOptions{.mechanism = gssapi, .realm = "x"},
          SaslOptions{.mechanism = static_cast<SaslMechanism>(7)}}) {
        const auto settings = make_settings("zk1", {.sasl = sasl});
        ASSERT_FALSE(settings);
        EXPECT_EQ(settings.error(), errc::invalid_argument);
    }
}

}  // namespace
}  // namespace leasehold::core
