// Lets a record's layout be written once, as the list of its fields, so that its encoder and its
// decoder cannot disagree.
//
// A record is a plain struct with
//     static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path, ...); }
// naming its fields in wire order. The few records that are not a plain list of fields (connect,
// multi) overload encode() and read() instead.
#pragma once

#include "sdk/wire/archive.hpp"
#include "sdk/wire/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace leasehold::wire {

namespace detail {

struct AnyVisitor {
    template <class... Field>
    constexpr void operator()(Field&...) const {}
};

}  // namespace detail

template <class X>
concept Record = requires(X& record) {
    X::fields(record, detail::AnyVisitor{});
};

template <class T>
using optional_list = std::optional<std::vector<T>>;

// A path in two parts, encoded as one.
struct PathBelow {
    std::string_view parent{};
    std::string_view name{};

    friend bool operator==(const PathBelow&, const PathBelow&) = default;
};

// The fewest bytes a value can take on the wire.
template <class T>
consteval std::size_t least_size() {
    if constexpr (std::same_as<T, bool>) {
        return 1;
    } else if constexpr (std::same_as<T, std::int64_t>) {
        return 8;
    } else if constexpr (Record<T>) {
        constexpr auto sum = []<class... Field>(Field&...) {
            return std::integral_constant<
                std::size_t, (std::size_t{0} + ... + least_size<std::remove_const_t<Field>>())>{};
        };
        return decltype(T::fields(std::declval<T&>(), sum))::value;
    } else {
        return 4;  // an int32, or the length of a string, a buffer or a list
    }
}

template <Record X>
void encode(Writer& out, const X& record);
template <Record X>
void read(Reader& in, X& record);

namespace detail {

inline void write_field(Writer& out, bool value) {
    out.boolean(value);
}
inline void write_field(Writer& out, std::int32_t value) {
    out.int32(value);
}
inline void write_field(Writer& out, std::int64_t value) {
    out.int64(value);
}
inline void write_field(Writer& out, std::string_view value) {
    out.buffer(value);
}
inline void write_field(Writer& out, const std::string& value) {
    out.buffer(value);
}
inline void write_field(Writer& out, const PathBelow& path) {
    out.count(path.parent.size() + 1 + path.name.size());
    out.raw(path.parent);
    out.raw("/");
    out.raw(path.name);
}

template <class T>
    requires std::is_enum_v<T>
void write_field(Writer& out, T value) {
    static_assert(std::same_as<std::underlying_type_t<T>, std::int32_t>);
    out.int32(static_cast<std::int32_t>(value));
}

template <Record X>
void write_field(Writer& out, const X& record) {
    encode(out, record);
}

template <class T>
void write_field(Writer& out, std::span<const T> list) {
    out.count(list.size());
    for (const T& element : list) {
        write_field(out, element);
    }
}

template <class T>
void write_field(Writer& out, const std::vector<T>& list) {
    write_field(out, std::span<const T>(list));
}

template <class T>
void write_field(Writer& out, const std::optional<T>& value) {
    if (value) {
        write_field(out, *value);
    } else {
        out.null();
    }
}

inline void read_field(Reader& in, bool& value) {
    value = in.boolean();
}
inline void read_field(Reader& in, std::int32_t& value) {
    value = in.int32();
}
inline void read_field(Reader& in, std::int64_t& value) {
    value = in.int64();
}
inline void read_field(Reader& in, std::string& value) {
    value = in.string();
}
inline void read_field(Reader& in, std::string_view& value) {
    value = in.string();
}
inline void read_field(Reader& in, std::optional<std::string>& value) {
    value = in.nullable();
}

template <class T>
    requires std::is_enum_v<T>
void read_field(Reader& in, T& value) {
    value = static_cast<T>(in.int32());
}

template <Record X>
void read_field(Reader& in, X& record) {
    read(in, record);
}

// False for a null list.
template <class List, class T = typename List::value_type>
bool read_list(Reader& in, List& list) {
    static_assert(least_size<T>() > 0, "bytes on the wire must bound the count");
    const std::optional<std::size_t> count = in.count(least_size<T>());
    if (!count) {
        return false;
    }
    list.reserve(*count);
    for (std::size_t i = 0; i < *count && in.ok(); ++i) {
        read_field(in, list.emplace_back());
    }
    return true;
}

template <class T>
void read_field(Reader& in, std::optional<std::vector<T>>& list) {
    if (!read_list(in, list.emplace())) {
        list.reset();
    }
}

template <class List>
    requires requires(List& list) {
        list.emplace_back();
    }
void read_field(Reader& in, List& list) {
    if (!read_list(in, list)) {
        in.fail(DecodeError::unexpected_null);
    }
}

}  // namespace detail

template <Record X>
void encode(Writer& out, const X& record) {
    X::fields(record, [&](const auto&... field) { (detail::write_field(out, field), ...); });
}

// Fills `record` as far as the bytes are good; the reader knows whether all of them were.
template <Record X>
void read(Reader& in, X& record) {
    X::fields(record, [&](auto&... field) { (detail::read_field(in, field), ...); });
}

// A whole body as a whole record: bytes left over are an error. `record` is fresh.
template <class X>
[[nodiscard]] std::optional<DecodeError> decode_into(X& record, std::string_view body) {
    Reader in(body);
    read(in, record);
    in.finish();
    return in.error();
}

template <class X>
[[nodiscard]] result<X> decode(std::string_view body) {
    X record{};
    if (const auto error = decode_into(record, body)) {
        return *error;
    }
    return record;
}

// Bytes that are passed on as they are, such as the body of an operation this SDK does not know.
struct Opaque {
    std::string_view bytes{};
};
inline void encode(Writer& out, const Opaque& opaque) {
    out.raw(opaque.bytes);
}

// Appends one frame, length prefix included, holding the records one behind the other.
template <class... X>
void append_frame(std::string& out, const X&... records) {
    const FrameScope frame(out);
    Writer writer(out);
    (encode(writer, records), ...);
}

template <class... X>
[[nodiscard]] std::string encode_frame(const X&... records) {
    std::string out;
    append_frame(out, records...);
    return out;
}

}  // namespace leasehold::wire
