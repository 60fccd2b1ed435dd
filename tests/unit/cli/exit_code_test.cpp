#include "sdk/cli/exit_code.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace leasehold::cli {
namespace {

TEST(ExitCode, OfEachConditionOfTheSdk) {
    EXPECT_EQ(exit_code::of(errc::invalid_argument), 64);
    EXPECT_EQ(exit_code::of(errc::budget_refused), 64);
    EXPECT_EQ(exit_code::of(errc::no_chroot), 64);
    EXPECT_EQ(exit_code::of(errc::sequence_exhausted), 64);
    EXPECT_EQ(exit_code::of(errc::mixed_queue), 64);
    EXPECT_EQ(exit_code::of(errc::permits_disagree), 64);
    EXPECT_EQ(exit_code::of(errc::no_server), 69);
    EXPECT_EQ(exit_code::of(errc::connection_lost), 69);
    EXPECT_EQ(exit_code::of(errc::timed_out), 69);
    EXPECT_EQ(exit_code::of(errc::unsupported), 69);
    EXPECT_EQ(exit_code::of(errc::wait_expired), 75);
    EXPECT_EQ(exit_code::of(errc::queue_full), 75);
    EXPECT_EQ(exit_code::of(errc::hopeless_wait), 75);
    EXPECT_EQ(exit_code::of(errc::queue_too_long), 75);
    EXPECT_EQ(exit_code::of(errc::overloaded), 75);
    EXPECT_EQ(exit_code::of(errc::session_expired), 75);
    EXPECT_EQ(exit_code::of(errc::protocol_error), 76);
    EXPECT_EQ(exit_code::of(errc::not_permitted), 77);
    EXPECT_EQ(exit_code::of(errc::tls_failed), 78);
    EXPECT_EQ(exit_code::of(errc::auth_failed), 77);
    EXPECT_EQ(exit_code::of(errc::budget_exceeded), 124);
    EXPECT_EQ(exit_code::of(errc::lock_lost), 125);
    for (const errc fault :
         {errc::cancelled, errc::closed, errc::would_deadlock, errc::forked, errc::call_failed}) {
        EXPECT_EQ(exit_code::of(fault), 70);
    }
}

TEST(ExitCode, OfAnswersOfTheServer) {
    EXPECT_EQ(exit_code::of(zk_errc::no_auth), 77);
    EXPECT_EQ(exit_code::of(zk_errc::auth_failed), 77);
    EXPECT_EQ(exit_code::of(zk_errc::session_closed_require_auth), 77);
    EXPECT_EQ(exit_code::of(zk_errc::marshalling_error), 76);
    EXPECT_EQ(exit_code::of(zk_errc::no_children_for_ephemerals), 64);
    EXPECT_EQ(exit_code::of(zk_errc::throttled), 75);
    EXPECT_EQ(exit_code::of(zk_errc::system_error), 69);
    EXPECT_EQ(exit_code::of(zk_errc::node_exists), 70);
}

TEST(ExitCode, ANumberThatNobodyKnowsIsTheServers) {
    EXPECT_EQ(exit_code::of(static_cast<zk_errc>(-999)), 69);
}

TEST(ExitCode, ErrorsOfTheSystemAreInternal) {
    const Error error{std::error_code(EAGAIN, std::system_category()), {}};
    EXPECT_EQ(exit_code::of(error), 70);
}

TEST(ExitCode, NoErrorLooksLikeSuccessOrLikeASignal) {
    for (int code = 1; code <= static_cast<int>(errc::auth_failed); ++code) {
        const int exit = exit_code::of(static_cast<errc>(code));
        EXPECT_TRUE((exit >= 64 && exit <= 78) || exit == 124 || exit == 125) << code;
    }
}

TEST(ExitCode, WhatCannotBeExecutedIsAsInAShell) {
    EXPECT_EQ(exit_code::of_exec_failure(ENOENT), 127);
    EXPECT_EQ(exit_code::of_exec_failure(ENOTDIR), 127);
    EXPECT_EQ(exit_code::of_exec_failure(EACCES), 126);
    EXPECT_EQ(exit_code::of_exec_failure(E2BIG), 126);
}

TEST(Advice, SaysWhatToDoAboutWhatAPersonCanChange) {
    for (const errc code :
         {errc::invalid_argument, errc::budget_refused, errc::wait_expired, errc::no_server,
          errc::protocol_error, errc::not_permitted, errc::no_chroot, errc::sequence_exhausted,
          errc::mixed_queue, errc::permits_disagree, errc::queue_full}) {
        EXPECT_FALSE(exit_code::advice_for(code, "/a").empty()) << static_cast<int>(code);
    }
    EXPECT_NE(exit_code::advice_for(errc::wait_expired, "/a").find("leasehold ls /a"),
              std::string::npos);
    EXPECT_NE(exit_code::advice_for(errc::mixed_queue, "/a").find("--naming"), std::string::npos);
    EXPECT_NE(exit_code::advice_for(errc::permits_disagree, "/a").find("--permits"),
              std::string::npos);
}

}  // namespace
}  // namespace leasehold::cli
