// Who may do what, and how a connection proves who it is.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::server {

using ::testing::ElementsAre;
using wire::Acl;

namespace {

constexpr const char* bob = "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=";

}  // namespace

class AccessControl : public ::testing::Test {
protected:
    explicit AccessControl(EnsembleOptions options = {})
        : bench(std::move(options)), client(bench) {
        client.connect();
    }

    Reply authenticate(Client& whose, const char* scheme, const char* auth) {
        whose.send_bytes(wire::encode_request(wire::auth_xid, wire::AuthPacket{0, scheme, auth}));
        return whose.next_reply().value();
    }
    ServerError create_with(std::vector<Acl> acls) {
        return client.error_of(wire::CreateRequest{"/n" + std::to_string(x_count++), "", acls});
    }

    Bench bench;
    Client client;

private:
    int x_count = 0;
};

TEST_F(AccessControl, ADigestIsWhatARealServerMakesOfIt) {
    EXPECT_EQ(ServerError::ok, authenticate(client, "digest", "bob:secret").header.err);
    EXPECT_EQ(ServerError::ok, client.error_of(wire::CreateRequest{
                                   "/a", "", std::vector<Acl>{{wire::perms::all, "auth", ""}}}));
    const auto reply = client.ask(wire::GetAclRequest{"/a"}).as<wire::GetAclReply>();
    EXPECT_THAT(reply.acls, ElementsAre(Acl{wire::perms::all, "digest", bob}));
}

TEST_F(AccessControl, ListsThatNobodyCouldMatchAreInvalid) {
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "auth", ""}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "world", "someone"}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "digest", "nocolon"}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "digest", "a:b:c"}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "digest", "a:"}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "ip", "1.2.3"}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "ip", "1.2.3.4/33"}}));
    EXPECT_EQ(ServerError::invalid_acl, create_with({{31, "sasl", "bob"}}));
    EXPECT_EQ(ServerError::ok, create_with({{31, "ip", "1.2.3.4/8"}}));
    EXPECT_EQ(ServerError::ok, create_with({{31, "digest", ":b"}}));
    EXPECT_EQ(ServerError::ok, create_with({{0, "world", "anyone"}}));
}

TEST_F(AccessControl, EachRightIsAskedWhereItIsNeeded) {
    using namespace wire::perms;
    const auto make = [&](const char* path, std::int32_t granted) {
        client.ask(wire::CreateRequest{path, "", anyone(granted)});
    };
    make("/no-read", all & ~read);
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::GetDataRequest{"/no-read"}));
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::GetChildrenRequest{"/no-read"}));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::ExistsRequest{"/no-read"}));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::GetAclRequest{"/no-read"}));
    make("/no-write", all & ~write);
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::SetDataRequest{"/no-write", "x"}));
    make("/no-create", all & ~create);
    EXPECT_EQ(ServerError::no_auth, client.create("/no-create/x"));
    make("/no-delete", all & ~remove);
    EXPECT_EQ(ServerError::ok, client.create("/no-delete/x"));
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::RemoveRequest{"/no-delete/x"}));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::RemoveRequest{"/no-write"}));
    make("/no-admin", all & ~admin);
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::SetAclRequest{"/no-admin", anyone()}));
}

TEST_F(AccessControl, AnAddressMatchesItsNetwork) {
    client.ask(wire::CreateRequest{"/near", "", std::vector<Acl>{{31, "ip", "127.0.0.0/8"}}});
    client.ask(wire::CreateRequest{"/far", "", std::vector<Acl>{{31, "ip", "10.0.0.0/8"}}});
    EXPECT_EQ(ServerError::ok, client.error_of(wire::GetDataRequest{"/near"}));
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::GetDataRequest{"/far"}));
}

TEST_F(AccessControl, WithoutTheRightToChangeAListDigestsAreHidden) {
    client.ask(wire::CreateRequest{
        "/a", "", std::vector<Acl>{{31, "digest", bob}, {wire::perms::read, "world", "anyone"}}});
    const auto seen = client.ask(wire::GetAclRequest{"/a"}).as<wire::GetAclReply>();
    EXPECT_EQ("bob:x", seen.acls.front().id);
    authenticate(client, "digest", "bob:secret");
    EXPECT_EQ(bob, client.ask(wire::GetAclRequest{"/a"}).as<wire::GetAclReply>().acls[0].id);
}

TEST_F(AccessControl, SetAclCountsItsOwnVersion) {
    client.create("/a");
    const auto stat =
        client.ask(wire::SetAclRequest{"/a", anyone(), 0}).as<wire::SetAclReply>().stat;
    EXPECT_EQ(1, stat.aversion);
    EXPECT_EQ(0, stat.version);
    EXPECT_EQ(ServerError::bad_version, client.error_of(wire::SetAclRequest{"/a", anyone(), 0}));
}

TEST_F(AccessControl, AnyPasswordIsAcceptedAndAnUnknownSchemeCostsTheConnection) {
    const Reply good = authenticate(client, "digest", "nocolon");
    EXPECT_EQ(ServerError::ok, good.header.err);
    EXPECT_EQ(wire::auth_xid, good.header.xid);
    EXPECT_EQ(0, good.header.zxid);
    EXPECT_EQ(ServerError::auth_failed, authenticate(client, "kerberos", "x").header.err);
    EXPECT_TRUE(client.is_closed());
    client.connect();
    EXPECT_NE(0, client.welcome->session_id);
}

TEST_F(AccessControl, WhoAmIListsWhatWasProved) {
    authenticate(client, "digest", "bob:secret");
    const auto reply = client.ask(wire::WhoAmIRequest{}).as<wire::WhoAmIReply>();
    EXPECT_THAT(reply.clients, ::testing::UnorderedElementsAre(wire::ClientInfo{"ip", "127.0.0.1"},
                                                               wire::ClientInfo{"digest", "bob"}));
}

TEST_F(AccessControl, AServerWithoutSaslAnswersANullToken) {
    const Reply reply = client.ask(wire::SaslToken{""});
    EXPECT_EQ(ServerError::ok, reply.header.err);
    EXPECT_EQ(std::nullopt, reply.as<wire::SaslToken>().token);
}

}  // namespace leasehold::server
