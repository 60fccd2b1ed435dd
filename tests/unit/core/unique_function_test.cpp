#include "sdk/core/unique_function.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace leasehold::core {
namespace {

/// Counts those of its kind that are alive; `Size` decides whether it fits inside.
template <std::size_t Size>
struct Counted {
    explicit Counted(int& count) : alive(&count) { ++*alive; }
    Counted(Counted&& other) noexcept : alive(other.alive) { ++*alive; }
    ~Counted() { --*alive; }
    int operator()() const { return *alive; }

    int* alive;
    std::array<char, Size> weight{};
};

template <class Callable>
class UniqueFunctionOf : public testing::Test {};
using Callables = testing::Types<Counted<1>, Counted<1000>>;
TYPED_TEST_SUITE(UniqueFunctionOf, Callables);

TYPED_TEST(UniqueFunctionOf, CallableIsDestroyedOnceWhereverItWasMoved) {
    int alive = 0;
    {
        UniqueFunction<int()> first{TypeParam(alive)};
        EXPECT_EQ(alive, 1);
        UniqueFunction<int()> second(std::move(first));
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
        EXPECT_EQ(second(), 1);
        first = std::move(second);
        EXPECT_EQ(first(), 1);
    }
    EXPECT_EQ(alive, 0);
}

TYPED_TEST(UniqueFunctionOf, AssignmentDestroysWhatWasThere) {
    int old_alive = 0;
    int new_alive = 0;
    UniqueFunction<int()> function{TypeParam(old_alive)};
    function = UniqueFunction<int()>{TypeParam(new_alive)};
    EXPECT_EQ(old_alive, 0);
    EXPECT_EQ(new_alive, 1);
    function = {};
    EXPECT_EQ(new_alive, 0);
    EXPECT_FALSE(function);
}

TEST(UniqueFunction, OwnsWhatCannotBeCopied) {
    UniqueFunction<int(int)> add = [three = std::make_unique<int>(3)](int more) {
        return *three + more;
    };
    EXPECT_EQ(add(4), 7);
    static_assert(!std::is_copy_constructible_v<decltype(add)>);
}

TEST(UniqueFunction, ArgumentsArriveUncopied) {
    UniqueFunction<std::unique_ptr<int>(std::unique_ptr<int>)> pass =
        [](std::unique_ptr<int> value) { return value; };
    EXPECT_EQ(*pass(std::make_unique<int>(5)), 5);
}

TEST(UniqueFunction, ResultMayBeIgnored) {
    int calls = 0;
    UniqueFunction<void()> function = [&] { return ++calls; };
    function();
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace leasehold::core
