#include "sdk/cli/config_file.hpp"

#include "sdk/cli/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>
#include <variant>

namespace leasehold::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ConfigFile, NamesAndValues) {
    const auto words = parse_config(
        "# ours\n\n connect = tls://zk1:2281/a b \r\ntls-ca=/etc/ca.pem\nstandalone = true");
    ASSERT_TRUE(words) << words.error().message();
    EXPECT_THAT(*words, ElementsAre("--connect=tls://zk1:2281/a b", "--tls-ca=/etc/ca.pem",
                                    "--standalone=true"));
    EXPECT_THAT(*parse_config(""), IsEmpty());
}

TEST(ConfigFile, NothingIsExpanded) {
    EXPECT_THAT(*parse_config("connect=${HOSTS},$(id),~/x"),
                ElementsAre("--connect=${HOSTS},$(id),~/x"));
}

TEST(ConfigFile, WhatIsNoOptionOfAnEnsembleIsRefusedAndNotQuoted) {
    for (const std::string_view text :
         {"budget=1s", "config=/x", "s3cret", "s3cret=1", "=s3cret", "tick=1s\ntick=2s",
          "--tick=1s", "TICK=1s", "open-acl=true", "help=", "connect"}) {
        const auto words = parse_config(text);
        ASSERT_FALSE(words) << text;
        EXPECT_EQ(words.error(), errc::invalid_argument);
        EXPECT_THAT(words.error().message(), Not(HasSubstr("s3cret")));
    }
}

class ConfigOfACommand : public ::testing::Test {
protected:
    ~ConfigOfACommand() override { std::remove(path.c_str()); }
    void put(std::string_view text) const { std::ofstream(path) << text; }

    static ListArguments list(const std::vector<std::string>& words) {
        const Arguments arguments = parse_arguments(words, "plain:1");
        const auto* reply = std::get_if<Reply>(&arguments);
        EXPECT_EQ(reply, nullptr) << reply->text;
        return reply == nullptr ? std::get<ListArguments>(arguments) : ListArguments{};
    }
    static std::string refusal(const std::vector<std::string>& words) {
        const Arguments arguments = parse_arguments(words, "plain:1");
        const auto* reply = std::get_if<Reply>(&arguments);
        return reply == nullptr ? "accepted" : reply->text;
    }

    const std::string path =
        ::testing::TempDir() + "leasehold-config-" + std::to_string(::getpid());
};

TEST_F(ConfigOfACommand, CountsBeforeTheEnvironmentAndBehindTheCommandLine) {
    put("connect = tls://file:1\ntick = 5s\ntls-ca = /ca.pem\n");
    const ListArguments arguments = list({"ls", "/a", "--config", path, "--tick", "1s"});
    EXPECT_EQ(arguments.ensemble.connect, "tls://file:1");
    EXPECT_EQ(arguments.ensemble.client.tick, std::chrono::seconds(1));
    EXPECT_EQ(arguments.ensemble.client_options().tls.ca_file, "/ca.pem");
}

TEST_F(ConfigOfACommand, IsTheToolsAndNotTheCommandsBehindIt) {
    put("tick = 5s\n");
    const Arguments arguments = parse_arguments(
        std::vector<std::string>{"run", "/a", "--", "cmd", "--config", path}, "h:1");
    EXPECT_EQ(std::get<RunArguments>(arguments).ensemble.client.tick, std::chrono::seconds(2));
}

TEST_F(ConfigOfACommand, RefusalNamesFileAndLine) {
    put("tick = 5s\nnonsense\n");
    EXPECT_THAT(refusal({"ls", "/a", "--config=" + path}), HasSubstr(path + ": line 2"));
    EXPECT_THAT(refusal({"ls", "/a", "--config", path + ".no"}), HasSubstr("No such file"));
    put("tick = soon\n");
    EXPECT_THAT(refusal({"ls", "/a", "--config", path}), HasSubstr("--tick"));
}

TEST(SecurityArguments, BecomeOptions) {
    const Arguments parsed =
        parse_arguments(std::vector<std::string>{"run",        "/a",
                                                 "--tls",      "--tls-ca",
                                                 "a",          "--tls-ca-dir",
                                                 "b",          "--tls-cert",
                                                 "c",          "--tls-key",
                                                 "d",          "--tls-passphrase-file",
                                                 "e",          "--tls-passphrase-env",
                                                 "f",          "--tls-server-name",
                                                 "g",          "--tls-min-version",
                                                 "1.3",        "--auth-file",
                                                 "h",          "--auth-env",
                                                 "i",          "--sasl-mechanism",
                                                 "digest-md5", "--sasl-user",
                                                 "j",          "--sasl-password-file",
                                                 "k",          "--sasl-password-env",
                                                 "l",          "--sasl-service",
                                                 "m",          "--sasl-server-name",
                                                 "n",          "--sasl-realm",
                                                 "o",          "--open-acl",
                                                 "--",         "true"},
                        "h:1");
    const RunArguments copy = std::get<RunArguments>(parsed);
    const ClientOptions options = copy.ensemble.client_options();
    EXPECT_TRUE(options.tls.enabled);
    EXPECT_EQ(options.tls.ca_file, "a");
    EXPECT_EQ(options.tls.ca_directory, "b");
    EXPECT_EQ(options.tls.certificate_file, "c");
    EXPECT_EQ(options.tls.key_file, "d");
    EXPECT_EQ(options.tls.passphrase_file, "e");
    EXPECT_EQ(options.tls.passphrase_env, "f");
    EXPECT_EQ(options.tls.server_name, "g");
    EXPECT_EQ(options.tls.min_version, TlsVersion::tls_1_3);
    EXPECT_EQ(options.auth_file, "h");
    EXPECT_EQ(options.auth_env, "i");
    EXPECT_EQ(options.sasl.mechanism, SaslMechanism::digest_md5);
    EXPECT_EQ(options.sasl.user, "j");
    EXPECT_EQ(options.sasl.password_file, "k");
    EXPECT_EQ(options.sasl.password_env, "l");
    EXPECT_EQ(options.sasl.service, "m");
    EXPECT_EQ(options.sasl.server_name, "n");
    EXPECT_EQ(options.sasl.realm, "o");
    EXPECT_TRUE(copy.open_acl);
}

}  // namespace
}  // namespace leasehold::cli
