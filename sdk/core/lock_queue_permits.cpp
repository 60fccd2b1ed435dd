// What is particular to a semaphore on the wire: the number of permits, which the lock path's own
// node says.
#include "sdk/core/lock_queue.hpp"
#include "sdk/core/text.hpp"
#include "sdk/wire/node.hpp"

#include <string>
#include <utility>

namespace leasehold::core {

/// Behind the create, in the same write. The number cannot change while our node stands below, or
/// the path would have been deleted.
void LockQueue::read_limit() {
    x_limit = Limit::asked;
    wire::GetDataRequest request;
    request.path = x_path;
    x_context.session.send(x_now, request,
                           for_contender([](LockQueue& self, const Response& response) {
                               self.on_limit_read(response);
                           }));
}

void LockQueue::on_limit_read(const Response& response) {
    if (response.err == wire::ServerError::no_node || x_limit == Limit::agreed) {
        return;  // the path is being made, and read again
    }
    if (!response.ok()) {
        return refuse_limit(response.failure ? response.failure
                                             : make_error_code(static_cast<zk_errc>(response.err)),
                            "the semaphore's number of permits could not be read");
    }
    const auto reply = wire::decode<wire::GetDataReply>(response.body);
    if (!reply) {
        return refuse_limit(errc::protocol_error, "the answer about the number of permits is none");
    }
    // If somebody came or went in between, others may have listed us as one who waits.
    x_is_place_seen = reply.value().stat.pzxid == x_contender->czxid();
    const std::string data = reply.value().data.value_or(std::string{});
    const int ours = x_spec->recipe.permits;
    const std::optional<int> theirs = permits_in(data);
    if (theirs == ours) {
        x_limit = Limit::agreed;
    } else if (data.empty()) {
        write_limit(reply.value().stat.version);
    } else if (theirs) {
        refuse_limit(errc::permits_disagree,
                     "the semaphore has " + data + " permits, not " + std::to_string(ours));
    } else {
        refuse_limit(errc::mixed_queue,
                     "the node of this path holds other data than a semaphore's number of permits");
    }
}

/// Whoever was first has written it; the version tells.
void LockQueue::write_limit(std::int32_t version) {
    wire::SetDataRequest request;
    request.path = x_path;
    request.data = std::to_string(x_spec->recipe.permits);
    request.version = version;
    x_context.session.send(
        x_now, request, for_contender([](LockQueue& self, const Response& response) {
            if (response.ok()) {
                self.x_limit = Limit::agreed;
            } else if (response.err == wire::ServerError::bad_version) {
                self.read_limit();
            } else {
                self.refuse_limit(make_error_code(static_cast<zk_errc>(response.err)),
                                  "the semaphore's number of permits could not be written");
            }
        }));
}

void LockQueue::refuse_limit(std::error_code code, const std::string& what) {
    abandon(x_now);
    refuse_all(x_now, code, what);
}

}  // namespace leasehold::core
