#include "sdk/wire/header.hpp"

namespace leasehold::wire {

namespace {

template <class View>
result<View> split(std::string_view frame) {
    Reader in(frame);
    View view;
    read(in, view.header);
    view.body = in.take_rest();
    if (const auto error = in.error()) {
        return *error;
    }
    return view;
}

}  // namespace

result<RequestView> split_request(std::string_view frame) {
    return split<RequestView>(frame);
}

result<ReplyView> split_reply(std::string_view frame) {
    return split<ReplyView>(frame);
}

}  // namespace leasehold::wire
