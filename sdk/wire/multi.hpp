// Describes multi and multiRead, the records whose layout depends on what they hold.
#pragma once

#include "sdk/wire/error.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/opcode.hpp"
#include "sdk/wire/record.hpp"

#include <cstdint>
#include <variant>
#include <vector>

namespace leasehold::wire {

// In front of each operation and each result; the one with done == true ends the list.
struct MultiHeader {
    Opcode type = Opcode::error;
    bool done = false;
    std::int32_t err = -1;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.type, self.done, self.err);
    }
    friend bool operator==(const MultiHeader&, const MultiHeader&) = default;
};

inline constexpr MultiHeader multi_end{Opcode::error, true, -1};

// 3.4 knows create, remove, set_data and check. The reads belong into a multiRead.
using MultiOpBody =
    std::variant<CreateRequest, Create2Request, CreateContainerRequest, CreateTtlRequest,
                 RemoveRequest, SetDataRequest, CheckRequest, GetDataRequest, GetChildrenRequest>;

struct MultiOp {
    MultiOpBody body{};
    std::int32_t header_err = -1;

    [[nodiscard]] Opcode type() const noexcept;
    friend bool operator==(const MultiOp&, const MultiOp&) = default;
};

// The result of one operation that failed, or that shares the failure of another one.
struct MultiError {
    static constexpr Opcode op = Opcode::error;
    ServerError err = ServerError::ok;  // ok: would have worked, but was rolled back

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.err); }
    friend bool operator==(const MultiError&, const MultiError&) = default;
};

// A create2 comes back as CreateReply from servers before 3.7.2, 3.8.2 and 3.9.0, as Create2Reply
// from later ones (ZOOKEEPER-4026); containers and TTL nodes always as Create2Reply.
using MultiResultBody = std::variant<MultiError, CreateReply, Create2Reply, RemoveReply,
                                     SetDataReply, CheckReply, GetDataReply, GetChildrenReply>;

struct MultiResult {
    MultiResultBody body{};
    std::int32_t header_err = 0;  // of an error the same number as in the body

    [[nodiscard]] Opcode type() const noexcept;
    friend bool operator==(const MultiResult&, const MultiResult&) = default;
};

[[nodiscard]] MultiResult multi_failure(ServerError err);

struct MultiReply {
    static constexpr Opcode op = Opcode::multi;
    std::vector<MultiResult> results{};
    MultiHeader end = multi_end;

    friend bool operator==(const MultiReply&, const MultiReply&) = default;
};

template <Opcode Op>
struct BasicMultiRequest {
    static constexpr Opcode op = Op;
    using Reply = MultiReply;

    std::vector<MultiOp> ops{};  // may be empty: a write that changes nothing, but is ordered
    MultiHeader end = multi_end;

    friend bool operator==(const BasicMultiRequest&, const BasicMultiRequest&) = default;
};

using MultiRequest = BasicMultiRequest<Opcode::multi>;           // all or nothing
using MultiReadRequest = BasicMultiRequest<Opcode::multi_read>;  // 3.6.0; each may fail alone

void encode(Writer& out, const MultiRequest& request);
void encode(Writer& out, const MultiReadRequest& request);
void encode(Writer& out, const MultiReply& reply);
void read(Reader& in, MultiRequest& request);
void read(Reader& in, MultiReadRequest& request);
void read(Reader& in, MultiReply& reply);

// The verdict of a multi: its reply's header says ok even when it failed, and the results before
// the failing operation say ok as well.
[[nodiscard]] ServerError first_error(const MultiReply& reply) noexcept;

}  // namespace leasehold::wire
