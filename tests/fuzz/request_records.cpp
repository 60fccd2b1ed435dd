// The body of every request: what the servers of leasehold::testing read from any client.
#include "sdk/wire/auth.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/fuzz/round_trip.hpp"

namespace leasehold::fuzz {
namespace {

// New ones go to the end: the corpus knows each by its number.
constexpr auto run = &round_trip_one_of<
    wire::CreateRequest, wire::Create2Request, wire::CreateContainerRequest, wire::CreateTtlRequest,
    wire::RemoveRequest, wire::CheckRequest, wire::ExistsRequest, wire::GetDataRequest,
    wire::SetDataRequest, wire::GetAclRequest, wire::SetAclRequest, wire::GetChildrenRequest,
    wire::GetChildren2Request, wire::SyncRequest, wire::SetWatchesRequest, wire::SetWatches2Request,
    wire::RemoveWatchesRequest, wire::AddWatchRequest, wire::ReconfigRequest, wire::AuthPacket,
    wire::SaslToken, wire::ConnectRequest, wire::RequestHeader>;

LEASEHOLD_FUZZ_TARGET(request_records, run)

}  // namespace
}  // namespace leasehold::fuzz
