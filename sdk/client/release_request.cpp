#include "sdk/client/release_request.hpp"

#include "sdk/client/contender_record.hpp"
#include "sdk/client/contenders.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/wire/node.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::detail {
namespace {

/// Each of them was overtaken by somebody who wrote to the same node within a round trip.
constexpr int most_writes = 10;

/// What to write to the holder's node; nothing for those who would not understand it, and whose
/// data may be all that others know of them.
std::optional<std::string> marked(const ContenderInfo& holder, std::string_view data) {
    if (decode_record(data)) {
        return core::with_request(data);
    }
    return holder.kind == ContenderKind::curator
               ? std::optional<std::string>(core::curator_revocation)
               : std::nullopt;
}

/// One request under way: who holds, then one holder after the other.
class ReleaseRequest : public std::enable_shared_from_this<ReleaseRequest> {
public:
    ReleaseRequest(std::shared_ptr<ClientImpl> impl, std::string path, std::string full_path)
        : x_impl(std::move(impl)), x_path(std::move(path)), x_full_path(std::move(full_path)) {}

    void begin(core::OperationId id, Sink<std::size_t> sink) {
        x_sink = std::move(sink);
        contenders_operation(x_impl, x_path)
            .begin(id, [self = shared_from_this()](result<std::vector<ContenderInfo>> queue) {
                self->on_listed(std::move(queue));
            });
    }

    void cancel(Turn&) { finish(errc::cancelled); }

private:
    void on_listed(result<std::vector<ContenderInfo>> queue) {
        if (!queue) {
            return finish(std::move(queue).error());
        }
        x_holders = std::move(*queue);
        std::erase_if(x_holders, [](const ContenderInfo& each) { return !each.is_held; });
        next();
    }

    void next() {
        x_writes = 0;
        x_holders.empty() ? finish(x_asked) : read();
    }

    void done(bool has_it) {
        x_asked += has_it ? 1 : 0;
        x_holders.pop_back();
        next();
    }

    [[nodiscard]] std::string node() const { return x_full_path + "/" + x_holders.back().node; }

    void read() {
        send(wire::GetDataRequest{node(), false}, [](ReleaseRequest& self, const auto& reply) {
            const auto node = wire::decode<wire::GetDataReply>(reply.body);
            if (!node) {
                return self.finish(errc::protocol_error);
            }
            self.write(node.assume_value().data.value_or(""), node.assume_value().stat.version);
        });
    }

    void write(const std::string& data, std::int32_t version) {
        const auto wanted = marked(x_holders.back(), data);
        if (!wanted || core::is_asked(data)) {
            return done(wanted.has_value());
        }
        if (++x_writes > most_writes) {
            return finish(Error(errc::timed_out,
                                "the holder's node changes faster than it can be "
                                "written to"));
        }
        send(wire::SetDataRequest{node(), *wanted, version},
             [](ReleaseRequest& self, const auto&) { self.done(true); });
    }

    template <class Request, class Use>
    void send(const Request& request, Use use) {
        core::RawRequest raw{
            .op = Request::op, .body = {}, .timeout = core::saturate(x_impl->session_timeout())};
        wire::Writer writer(raw.body);
        wire::encode(writer, request);
        x_impl->begin_request(
            x_impl->next_id(), std::move(raw),
            [self = shared_from_this(), use](Turn&, const result<core::Reply>& reply) {
                if (!self->x_sink) {
                    return;  // cancelled
                }
                if (reply) {
                    return use(*self, *reply);
                }
                if (reply.error() == zk_errc::no_node) {
                    return self->done(false);  // it has let go
                }
                reply.error() == zk_errc::bad_version ? self->read() : self->finish(reply.error());
            });
    }

    void finish(result<std::size_t> answer) {
        if (Sink<std::size_t> sink = std::exchange(x_sink, {})) {
            answer ? sink(answer) : sink(std::move(answer).error().at(x_path));
        }
    }

    const std::shared_ptr<ClientImpl> x_impl;
    const std::string x_path;
    const std::string x_full_path;

    // of the I/O thread
    Sink<std::size_t> x_sink;              ///< empty once answered
    std::vector<ContenderInfo> x_holders;  ///< those still to be asked
    std::size_t x_asked = 0;
    int x_writes = 0;  ///< to the one who is being asked
};

}  // namespace

Operation<std::size_t> release_request_operation(const std::shared_ptr<ClientImpl>& impl,
                                                 std::string_view path) {
    auto full = queue_path(*impl, path);
    if (!full) {
        return failed_operation<std::size_t>(std::move(full).error());
    }
    return course_operation<std::size_t>(
        impl, [impl, given = std::string(path), full = *std::move(full)] {
            return std::make_shared<ReleaseRequest>(impl, given, full);
        });
}

}  // namespace leasehold::detail
