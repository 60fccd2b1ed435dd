#include "sdk/wire/node.hpp"

#include "sdk/wire/session.hpp"
#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

namespace leasehold::wire {
namespace {

using namespace std::string_view_literals;

TEST(Stat, HasItsSixtyEightBytesInOrder) {
    EXPECT_EQ(to_hex(encoded(sample_stat())),
              "0102030405060708"
              "1112131415161718"
              "2122232425262728"
              "3132333435363738"
              "41424344"
              "51525354"
              "9e9d9c9c"
              "8e8d8c8b8a898888"
              "01828384"
              "02929394"
              "03a2a3a4a5a6a7a8");
}

TEST(Create, HasItsFieldsInOrder) {
    const CreateRequest request{"/kz/e", "eph", std::vector<Acl>{{perms::all, "world", "anyone"}},
                                CreateMode::ephemeral};
    EXPECT_EQ(to_hex(encoded(request)),
              "000000052f6b7a2f65"
              "00000003657068"
              "00000001"
              "0000001f00000005776f726c6400000006616e796f6e65"
              "00000001");
}

TEST(Create, OfATtlNodeHasItsLifetimeBehindTheFlags) {
    const std::string plain = encoded(CreateRequest{"/t", "x", sample_acls(), CreateMode::ttl});
    const std::string ttl =
        encoded(CreateTtlRequest{"/t", "x", sample_acls(), CreateMode::ttl, 60'000});
    EXPECT_EQ(to_hex(ttl), to_hex(plain) + "000000000000ea60");
}

TEST(Create, TellsNullDataFromEmptyData_AndANullAclFromAnEmptyOne) {
    std::vector<std::string> encodings;
    for (const auto& data : {std::optional<std::string>(), std::optional<std::string>("")}) {
        for (const auto& acls : {optional_list<Acl>(), optional_list<Acl>(std::vector<Acl>())}) {
            const CreateRequest request{"/a", data, acls, CreateMode::persistent};
            encodings.push_back(to_hex(encoded(request)));
            EXPECT_EQ(decode<CreateRequest>(encoded(request)).value(), request);
        }
    }
    EXPECT_EQ(encodings,
              (std::vector<std::string>{
                  "000000022f61ffffffffffffffff00000000", "000000022f61ffffffff0000000000000000",
                  "000000022f6100000000ffffffff00000000", "000000022f61000000000000000000000000"}));
}

TEST(Create, KeepsFlagsThatNoServerAccepts) {
    const CreateRequest request{"/a", "", sample_acls(), static_cast<CreateMode>(7)};
    EXPECT_EQ(decode<CreateRequest>(encoded(request)).value(), request);
}

TEST(Create, HugeAclCountIsRefused) {
    std::string bytes;
    Writer out(bytes);
    out.buffer("/a");
    out.null();
    out.int32(0x7fffffff);
    out.raw(std::string(100, '\0'));
    const result<CreateRequest> decoded = decode<CreateRequest>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::length_exceeds_input);
}

TEST(Data, OfANodeMayBeNull) {
    const GetDataReply reply{std::nullopt, sample_stat()};
    EXPECT_EQ(encoded(reply).size(), 4U + 68U);
    EXPECT_EQ(decode<GetDataReply>(encoded(reply)).value(), reply);
}

TEST(Data, OfAMebibyteSurvives) {
    std::string data(1'048'575, '\0');
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<char>(i * 31);
    }
    const SetDataRequest request{"/a", data, any_version};
    EXPECT_EQ(decode<SetDataRequest>(encoded(request)).value(), request);
}

TEST(Watches, AreExactlyOneByte) {
    EXPECT_EQ(to_hex(encoded(GetDataRequest{"/a", true})), "000000022f6101");
    const result<GetDataRequest> decoded = decode<GetDataRequest>("\0\0\0\2/a\2"sv);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::bad_boolean);
}

// Every request that begins with a path, with null in its place.
template <class X>
class AnyPath : public testing::Test {};
using PathRequests =
    testing::Types<CreateRequest, CreateTtlRequest, RemoveRequest, CheckRequest, SetDataRequest,
                   SetAclRequest, GetAclRequest, SyncRequest, GetEphemeralsRequest,
                   GetAllChildrenNumberRequest, ExistsRequest, GetDataRequest, GetChildrenRequest,
                   GetChildren2Request, AddWatchRequest, CheckWatchesRequest, RemoveWatchesRequest,
                   CreateReply, Create2Reply, SyncReply>;
TYPED_TEST_SUITE(AnyPath, PathRequests, );

TYPED_TEST(AnyPath, NullIsRefused) {
    std::string bytes = encoded(TypeParam{});
    bytes.replace(0, 4, "\xff\xff\xff\xff");
    const result<TypeParam> decoded = decode<TypeParam>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::unexpected_null);
}

TEST(Children, AreKeptInTheServersOrder) {
    const GetChildrenReply reply{{"p", "es-0000000003", "none", "e"}};
    EXPECT_EQ(decode<GetChildrenReply>(encoded(reply)).value().children, reply.children);
    EXPECT_EQ(to_hex(encoded(GetChildrenReply{})), "00000000");
}

TEST(Children, OfWhichOneIsNull_AreRefused) {
    const result<GetChildrenReply> decoded =
        decode<GetChildrenReply>("\0\0\0\2\0\0\0\1a\xff\xff\xff\xff"sv);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::unexpected_null);
}

TEST(Views, ReadAsWhatTheyAreViewsOf) {
    const std::string bytes = encoded(GetChildrenReply{{"p", "es-0000000003", ""}});
    ChildrenView list;
    ASSERT_FALSE(decode_into(list, bytes));
    ASSERT_EQ(list.children.size(), 3u);
    EXPECT_EQ(list.children[1], "es-0000000003");
    EXPECT_EQ(list.children[1].data(), bytes.data() + 4 + 4 + 1 + 4) << "where it was";
    EXPECT_EQ(decode<CreatedView>(encoded(CreateReply{"/q/n-0000000001"})).value().path,
              "/q/n-0000000001");
    ChildrenView cut;
    EXPECT_EQ(decode_into(cut, bytes.substr(0, bytes.size() - 1)), DecodeError::truncated);
    ChildrenView more;
    EXPECT_EQ(decode_into(more, bytes + "x"), DecodeError::trailing_bytes);
}

TEST(Views, AreEncodedAsWhatTheyAreViewsOf) {
    const std::vector<Acl> acls{{perms::all, "world", "anyone"}, {perms::read, "digest", "me"}};
    EXPECT_EQ(encoded(CreateView{{"/q", "n-"}, "data", acls, CreateMode::ephemeral_sequential}),
              encoded(CreateRequest{"/q/n-", "data", acls, CreateMode::ephemeral_sequential}));
    EXPECT_EQ(encoded(RemoveView{{"/q", "n-0000000001"}}),
              encoded(RemoveRequest{"/q/n-0000000001"}));
    EXPECT_EQ(encoded(GetChildrenView{"/q", true}), encoded(GetChildrenRequest{"/q", true}));
}

TEST(Reconfig, IsTheOneRequestWhoseStringsMayBeNull) {
    const ReconfigRequest request{std::nullopt, "9", std::nullopt, -1};
    EXPECT_EQ(to_hex(encoded(request)), "ffffffff0000000139ffffffffffffffffffffffff");
    EXPECT_EQ(decode<ReconfigRequest>(encoded(request)).value(), request);
}

}  // namespace
}  // namespace leasehold::wire
