// TLS as a user of the client meets it: what connect says at once, what the operations say later,
// and what is never said.
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tls_front.hpp"
#include "tests/unit/client/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::testing_client {
namespace {

using ::testing::HasSubstr;

class TlsClient : public ::testing::Test {
protected:
    TlsClient() { x_options.tls.ca_file = x_ca; }

    std::string hosts() const { return "tls://localhost:" + std::to_string(x_front.port()); }

    support::TemporaryDirectory x_files;
    const support::Authority x_authority;
    const std::string x_ca = x_files.put("ca.pem", x_authority.certificate());
    ScriptedServer x_server;
    support::TlsFront x_front{x_server.port(),
                              {.identity = x_authority.issue({.names = {"localhost"}})}};
    ClientOptions x_options = fast_options();
};

TEST_F(TlsClient, TakesLocksAndAttachesAgain) {
    const Client client = Client::connect(hosts(), x_options).value();
    auto lock = client.lock("/orders/42");
    ASSERT_TRUE(lock) << lock.error().message();
    x_front.cut();
    ASSERT_TRUE(eventually([&] { return client.stats().reconnects == 1; }));
    EXPECT_TRUE(lock->valid());
    EXPECT_TRUE(lock->release());
}

TEST_F(TlsClient, FilesThatAreWrongFromTheStartAreSaidAtOnce) {
    x_options.tls.ca_file = "/no/such/ca.pem";
    const auto client = Client::connect(hosts(), x_options);
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error(), errc::tls_failed);
    EXPECT_THAT(client.error().message(), HasSubstr("tls.ca_file /no/such/ca.pem: No such file"));
}

TEST_F(TlsClient, ReasonIsInEachAnswer) {
    x_options.tls.server_name = "zk1.example";
    const Client client = Client::connect(hosts(), x_options).value();
    const auto connected = client.wait_connected(patient(500ms));
    EXPECT_EQ(connected.error(), errc::tls_failed);
    EXPECT_THAT(connected.error().message(), HasSubstr("is for localhost, not for zk1.example"));
    const auto lock = client.lock("/orders/42", {.wait = patient(300ms)});
    EXPECT_EQ(lock.error(), errc::tls_failed);
    EXPECT_THAT(lock.error().message(), HasSubstr("not for zk1.example"));
    EXPECT_EQ(x_server.accepted(), 0u);
}

TEST_F(TlsClient, HandshakeIsPartOfTheConnectTimeout) {
    ScriptedServer silent(support::silence());
    x_options.connect_timeout = 100ms;
    const Client client =
        Client::connect("tls://localhost:" + std::to_string(silent.port()), x_options).value();
    EXPECT_TRUE(eventually([&] { return silent.accepted() >= 2; }))
        << "it gives up, and tries again";
    const auto connected = client.wait_connected(patient(100ms));
    EXPECT_EQ(connected.error(), errc::no_server);
}

}  // namespace
}  // namespace leasehold::testing_client
