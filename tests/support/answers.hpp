// What a test says of an operation's answer.
#pragma once

#include <leasehold/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <system_error>

namespace leasehold::support {

/// The error's one line, or "success".
template <class T>
[[nodiscard]] std::string why(const result<T>& answer) {
    return answer ? "success" : answer.error().message();
}

template <class T>
[[nodiscard]] ::testing::AssertionResult fails_with(const result<T>& answer, std::error_code code) {
    if (!answer && answer.error() == code) {
        return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure()
           << "wanted: " << code.message() << ", got: " << why(answer);
}

}  // namespace leasehold::support
