// How contestants of leasehold take an answer: one that fails has no figure.
#pragma once

#include <leasehold/error.hpp>

#include "bench/contestants/commands.hpp"

#include <type_traits>
#include <utility>

namespace leasehold::bench {

template <class T>
T must(result<T> answer) {
    if (!answer) {
        give_up("leasehold: " + answer.error().message());
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(answer);
    }
}

}  // namespace leasehold::bench
