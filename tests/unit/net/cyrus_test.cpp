// Cyrus SASL as we use it, without a server: what is missing is said by name, no secret is, and
// what a hostile server may send does no harm.
#include "sdk/net/cyrus.hpp"

#include "sdk/net/cyrus_client.hpp"
#include "tests/support/answers.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace leasehold::net {
namespace {

using support::fails_with;
using support::why;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view challenge =
    "realm=\"zk-sasl-md5\",nonce=\"bm9uY2U=\",charset=utf-8,algorithm=md5-sess";

class DigestMd5 : public testing::Test {
protected:
    ~DigestMd5() override { ::unsetenv("LEASEHOLD_TEST_PASSWORD"); }

    std::unique_ptr<SaslClient> open() {
        auto client = open_cyrus_client(x_settings, "zk-sasl-md5");
        EXPECT_TRUE(client.has_value()) << why(client);
        return client ? *std::move(client) : nullptr;
    }
    std::string refusal() {
        const auto client = open_cyrus_client(x_settings, "zk-sasl-md5");
        EXPECT_TRUE(fails_with(client, errc::auth_failed));
        EXPECT_THAT(why(client), Not(HasSubstr("opensesame")));
        return why(client);
    }
    static std::string text_of(const result<core::SaslMove>& move) {
        return move && move->token ? std::string(move->token->text()) : why(move);
    }

    support::TemporaryDirectory x_files;
    core::SaslSettings x_settings{.mechanism = SaslMechanism::digest_md5,
                                  .user = "shop",
                                  .password_file = x_files.put("password", "opensesame\n"),
                                  .password_env = {},
                                  .service = "zookeeper",
                                  .realm = {}};
};

TEST_F(DigestMd5, AnswersTheChallengeOfZooKeeper) {
    const auto client = open();
    const auto begun = client->begin();
    ASSERT_TRUE(begun.has_value()) << why(begun);
    EXPECT_FALSE(begun->token);
    EXPECT_FALSE(begun->is_done);
    const auto move = client->proceed(challenge);
    ASSERT_TRUE(move.has_value()) << why(move);
    EXPECT_FALSE(move->is_done) << "the server has to prove itself, too";
    EXPECT_THAT(text_of(move),
                AllOf(HasSubstr("username=\"shop\""), HasSubstr("realm=\"zk-sasl-md5\""),
                      HasSubstr("digest-uri=\"zookeeper/zk-sasl-md5\""), HasSubstr("qop=auth"),
                      Not(HasSubstr("opensesame"))));
}

TEST_F(DigestMd5, ServerThatDoesNotKnowThePasswordIsNotBelieved) {
    const auto client = open();
    static_cast<void>(client->begin());
    ASSERT_TRUE(client->proceed(challenge).has_value());
    EXPECT_TRUE(
        fails_with(client->proceed("rspauth=00000000000000000000000000000000"), errc::auth_failed));
}

TEST_F(DigestMd5, PasswordIsReadAnewEachTime) {
    open();
    x_files.put("password", "");
    EXPECT_THAT(refusal(), HasSubstr("empty password"));
}

TEST_F(DigestMd5, PasswordThatIsNotThere) {
    x_settings.password_file = (x_files.path() / "nowhere").string();
    EXPECT_THAT(refusal(),
                HasSubstr("sasl.password_file " + x_settings.password_file + ": No such file"));
    x_settings.password_file.clear();
    x_settings.password_env = "LEASEHOLD_TEST_PASSWORD";
    EXPECT_THAT(refusal(), HasSubstr("no environment variable LEASEHOLD_TEST_PASSWORD"));
    ::setenv("LEASEHOLD_TEST_PASSWORD", "opensesame", 1);
    EXPECT_NE(open(), nullptr);
}

TEST_F(DigestMd5, RealmAmongSeveral) {
    x_settings.realm = "elsewhere";
    const std::string of_two =
        "realm=\"one\",realm=\"two\",nonce=\"bm9uY2U=\",charset=utf-8,algorithm=md5-sess";
    EXPECT_THAT(text_of(open()->proceed(of_two)), HasSubstr("offers no realm 'elsewhere'"));
    x_settings.realm = "two";
    EXPECT_THAT(text_of(open()->proceed(of_two)), HasSubstr("realm=\"two\""));
    x_settings.realm.clear();
    EXPECT_THAT(text_of(open()->proceed(of_two)), HasSubstr("realm=\"one\""));
}

TEST_F(DigestMd5, HostileChallenges) {
    std::vector<std::string> hostile{"", "nonce", "realm=\"a\"", "nonce=\"unterminated",
                                     "algorithm=none,nonce=\"x\",realm=\"y\""};
    hostile.emplace_back(60'000, ',');
    hostile.emplace_back(60'000, 'x');
    hostile.emplace_back(4, '\0');
    hostile.push_back("nonce=\"" + std::string(50'000, 'n') + '"');
    // Not the nonce twice: Cyrus 2.1.28 refuses that, and never frees the first.
    for (const std::string_view more :
         {",qop=\"auth-conf\"", ",algorithm=md5-sess", ",realm=\"b\""}) {
        hostile.emplace_back(challenge).append(more);
    }
    for (const std::string& bad : hostile) {
        const auto move = open()->proceed(bad);
        EXPECT_FALSE(move && move->is_done) << bad.substr(0, 40);
        EXPECT_LT(text_of(move).size(), 200'000u);
    }
}

TEST_F(DigestMd5, ManyAtOnce) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int round = 0; round < 50; ++round) {
                const auto client = open_cyrus_client(x_settings, "zk-sasl-md5");
                ASSERT_TRUE(client.has_value());
                ASSERT_TRUE((*client)->proceed(challenge).has_value());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(Gssapi, WithoutATicketSaysWhatToDo) {
    ::setenv("KRB5CCNAME", "FILE:/nonexistent/ticket", 1);
    ::setenv("KRB5_CONFIG", "/dev/null", 1);
    const auto client = open_cyrus_client(
        {.mechanism = SaslMechanism::gssapi, .service = "zookeeper"}, "localhost");
    ASSERT_TRUE(client.has_value()) << why(client);
    const auto move = (*client)->begin();
    EXPECT_TRUE(fails_with(move, errc::auth_failed));
    EXPECT_THAT(why(move),
                AllOf(HasSubstr("GSSAPI"), HasSubstr("klist"), HasSubstr("zookeeper/HOST")));
    ::unsetenv("KRB5CCNAME");
    ::unsetenv("KRB5_CONFIG");
}

TEST(CyrusLibrary, ThatIsNotThereIsNamedWithItsPackage) {
    const auto missing = open_cyrus("libno-such-sasl.so.7");
    EXPECT_TRUE(fails_with(missing, errc::auth_failed));
    EXPECT_THAT(why(missing), AllOf(HasSubstr("libno-such-sasl.so.7"), HasSubstr("libsasl2-2")));
}

TEST(CyrusLibrary, OfAnotherKindIsRefused) {
    EXPECT_THAT(why(open_cyrus("libc.so.6")), HasSubstr("sasl_client_init"));
}

}  // namespace
}  // namespace leasehold::net
