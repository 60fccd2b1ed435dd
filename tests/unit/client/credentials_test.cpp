#include "sdk/client/credentials.hpp"

#include "tests/support/temporary_directory.hpp"
#include "tests/unit/client/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace leasehold::testing_client {
namespace {

using detail::parse_credentials;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> parsed(std::string_view text) {
    std::vector<std::string> all;
    const auto credentials = parse_credentials(text, "here");
    if (!credentials) {
        return {credentials.error().context().what};
    }
    for (const core::Credential& each : *credentials) {
        all.push_back(each.scheme + "|" + std::string(each.secret.text()));
    }
    return all;
}

TEST(Credentials, OneInALine) {
    EXPECT_THAT(parsed("digest shop:s3cret"), ElementsAre("digest|shop:s3cret"));
    EXPECT_THAT(parsed("# ours\n\ndigest a:b c\r\nsuper x\n"),
                ElementsAre("digest|a:b c", "super|x"));
}

TEST(Credentials, WhatIsNoneIsRefusedAndNotQuoted) {
    for (const std::string_view text : {"", "\n", "# only\n", "s3cret", "digest ", "digest",
                                        " s3cret", "digest a:b\ns3cret\n", "\xff s3cret"}) {
        EXPECT_FALSE(parse_credentials(text, "here")) << text;
        EXPECT_THAT(parsed(text), ElementsAre(Not(HasSubstr("s3cret"))));
    }
    EXPECT_THAT(parsed("digest a:b\ns3cret\n"), ElementsAre(HasSubstr("here: line 2")));
}

class CredentialsOfAClient : public ::testing::Test {
protected:
    ~CredentialsOfAClient() override { ::unsetenv("LEASEHOLD_TEST_AUTH"); }

    std::vector<std::string> seen() {
        return x_server.with([](FakeZooKeeper& z) { return z.credentials(); });
    }
    static Error refused(const ClientOptions& options) {
        auto client = Client::connect("127.0.0.1:1", options);
        EXPECT_FALSE(client);
        return client ? Error() : client.error();
    }

    support::TemporaryDirectory x_files;
    ScriptedServer x_server;
    ClientOptions x_options = fast_options();
};

TEST_F(CredentialsOfAClient, FileAndEnvironmentReachTheServerOnEachConnection) {
    const std::string file = x_files.put("auth", "digest shop:s3cret\n");
    ::setenv("LEASEHOLD_TEST_AUTH", "digest other:s3cret", 1);
    x_options.auth_file = file;
    x_options.auth_env = "LEASEHOLD_TEST_AUTH";
    const Client client = Client::connect(x_server.address(), x_options).value();
    ASSERT_TRUE(client.wait_connected(patient(15s)));
    ASSERT_TRUE(eventually([&] { return seen().size() == 2; }));
    EXPECT_THAT(seen(), ElementsAre("digest shop:s3cret", "digest other:s3cret"));
    x_files.put("auth", "broken");  // they are read once
    x_server.cut();
    EXPECT_TRUE(eventually([&] { return seen().size() == 4; }));
}

TEST_F(CredentialsOfAClient, WhatCannotBeReadIsSaid) {
    const std::string missing = (x_files.path() / "nowhere").string();
    x_options.auth_file = missing;
    EXPECT_EQ(refused(x_options), errc::invalid_argument);
    EXPECT_THAT(refused(x_options).message(), HasSubstr(missing + ": No such file"));
    const std::string directory = x_files.path().string();
    x_options.auth_file = directory;
    EXPECT_THAT(refused(x_options).message(), HasSubstr("not a regular file"));
    x_options.auth_file = {};
    x_options.auth_env = "LEASEHOLD_TEST_NO_SUCH";
    EXPECT_THAT(refused(x_options).message(), HasSubstr("LEASEHOLD_TEST_NO_SUCH"));
}

}  // namespace
}  // namespace leasehold::testing_client
