#include "sdk/wire/multi.hpp"

#include <type_traits>

namespace leasehold::wire {

namespace {

Opcode type_of(const auto& body) noexcept {
    return std::visit([](const auto& alternative) { return alternative.op; }, body);
}

// Puts the alternative of that type into `body`; false if the variant has none.
template <class... Alternative>
bool read_alternative(Reader& in, Opcode type, std::variant<Alternative...>& body) {
    const auto try_one = [&]<class One>(std::type_identity<One>) {
        if (One::op != type) {
            return false;
        }
        read(in, body.template emplace<One>());
        return true;
    };
    return (try_one(std::type_identity<Alternative>{}) || ...);
}

template <class Item>
void write_list(Writer& out, const std::vector<Item>& items, const MultiHeader& end) {
    for (const Item& item : items) {
        encode(out, MultiHeader{item.type(), false, item.header_err});
        std::visit([&](const auto& body) { encode(out, body); }, item.body);
    }
    encode(out, end);
}

// No count is announced: the list ends with a header that says so. Each item takes at least that
// header's nine bytes, so the frame bounds the memory.
template <class Item>
void read_list(Reader& in, std::vector<Item>& items, MultiHeader& end) {
    while (in.ok()) {
        MultiHeader header;
        read(in, header);
        if (!in.ok()) {
            return;
        }
        if (header.done) {
            end = header;
            return;
        }
        Item& item = items.emplace_back();
        item.header_err = header.err;
        if (!read_alternative(in, header.type, item.body)) {
            in.fail(DecodeError::invalid_multi);
        }
    }
}

}  // namespace

Opcode MultiOp::type() const noexcept {
    return type_of(body);
}

Opcode MultiResult::type() const noexcept {
    return type_of(body);
}

MultiResult multi_failure(ServerError err) {
    return {MultiError{err}, static_cast<std::int32_t>(err)};
}

void encode(Writer& out, const MultiRequest& request) {
    write_list(out, request.ops, request.end);
}

void encode(Writer& out, const MultiReadRequest& request) {
    write_list(out, request.ops, request.end);
}

void encode(Writer& out, const MultiReply& reply) {
    write_list(out, reply.results, reply.end);
}

void read(Reader& in, MultiRequest& request) {
    read_list(in, request.ops, request.end);
}

void read(Reader& in, MultiReadRequest& request) {
    read_list(in, request.ops, request.end);
}

void read(Reader& in, MultiReply& reply) {
    read_list(in, reply.results, reply.end);
}

ServerError first_error(const MultiReply& reply) noexcept {
    for (const MultiResult& item : reply.results) {
        const auto* failed = std::get_if<MultiError>(&item.body);
        if (failed != nullptr && failed->err != ServerError::ok) {
            return failed->err;
        }
    }
    return ServerError::ok;
}

}  // namespace leasehold::wire
