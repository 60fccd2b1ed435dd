// The body of every reply but that of a multi, which is a target of its own.
#include "sdk/wire/auth.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/fuzz/round_trip.hpp"

namespace leasehold::fuzz {
namespace {

// New ones go to the end: the corpus knows each by its number.
constexpr auto run =
    &round_trip_one_of<wire::CreateReply, wire::Create2Reply, wire::RemoveReply, wire::CheckReply,
                       wire::ExistsReply, wire::GetDataReply, wire::SetDataReply, wire::GetAclReply,
                       wire::SetAclReply, wire::GetChildrenReply, wire::GetChildren2Reply,
                       wire::GetEphemeralsReply, wire::GetAllChildrenNumberReply, wire::SyncReply,
                       wire::AddWatchReply, wire::WhoAmIReply, wire::SaslToken, wire::EmptyReply,
                       wire::ReplyHeader>;

LEASEHOLD_FUZZ_TARGET(reply_records, run)

}  // namespace
}  // namespace leasehold::fuzz
