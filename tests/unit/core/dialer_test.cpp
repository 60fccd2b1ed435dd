#include "sdk/core/dialer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::UnorderedElementsAreArray;

Instant at(Duration when) {
    return Instant{1000s + when};
}

Settings settings() {
    Settings settings;
    settings.backoff_min = 100ms;
    settings.backoff_max = 2s;
    settings.max_connects_per_second = 10;
    settings.server_version = ServerVersion{3, 8, 0};
    return settings;
}

std::vector<Endpoint> addresses(int count) {
    std::vector<Endpoint> endpoints;
    for (int i = 0; i < count; ++i) {
        endpoints.push_back({"10.0.0." + std::to_string(i), 2181});
    }
    return endpoints;
}

bool is_resolve(const Dialer::Step& step) {
    return std::holds_alternative<Resolve>(step);
}
bool is_connect(const Dialer::Step& step) {
    return std::holds_alternative<Connect>(step);
}
bool is_idle(const Dialer::Step& step) {
    return std::holds_alternative<Dialer::Idle>(step);
}

/// Drives a dialer like a shell whose every step is carried out at once.
class Shell {
public:
    explicit Shell(std::uint64_t seed, const Settings& options = settings())
        : dialer(options, Random{seed}) {}

    /// Waits as told until there is something to do.
    Dialer::Step next() {
        for (;;) {
            const Dialer::Step step = dialer.next(now);
            const auto* wait = std::get_if<Dialer::Wait>(&step);
            if (wait == nullptr) {
                return step;
            }
            EXPECT_GT(wait->until, now) << "a wait that is over would spin";
            now = wait->until;
        }
    }

    /// The endpoint of the next attempt, resolving on the way.
    Endpoint connect(int servers) {
        for (;;) {
            const Dialer::Step step = next();
            if (const auto* attempt = std::get_if<Connect>(&step)) {
                return attempt->endpoint;
            }
            EXPECT_TRUE(is_resolve(step));
            dialer.on_resolved(now, addresses(servers));
        }
    }

    Dialer dialer;
    Instant now = at(0s);
};

TEST(Dialer, StartsByResolvingAtOnce) {
    Dialer dialer(settings(), Random{1});
    EXPECT_TRUE(is_resolve(dialer.next(at(0s))));
    EXPECT_TRUE(is_idle(dialer.next(at(0s))));
    EXPECT_EQ(dialer.attempts(), 0u);
}

TEST(Dialer, HasOneAttemptInFlight) {
    Dialer dialer(settings(), Random{1});
    ASSERT_TRUE(is_resolve(dialer.next(at(0s))));
    dialer.on_resolved(at(0s), addresses(3));
    ASSERT_TRUE(is_connect(dialer.next(at(0s))));
    EXPECT_TRUE(is_idle(dialer.next(at(0s))));
    EXPECT_TRUE(is_idle(dialer.next(at(1h))));
    EXPECT_EQ(dialer.attempts(), 1u);
}

TEST(Dialer, RoundTriesEveryAddressOnceAndThenResolvesAgain) {
    Shell shell(1);
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(is_resolve(shell.next()));
        shell.dialer.on_resolved(shell.now, addresses(5));
        std::vector<Endpoint> tried;
        for (int i = 0; i < 5; ++i) {
            const Dialer::Step step = shell.next();
            ASSERT_TRUE(is_connect(step));
            tried.push_back(std::get<Connect>(step).endpoint);
            shell.dialer.on_failed(shell.now);
        }
        EXPECT_THAT(tried, UnorderedElementsAreArray(addresses(5)));
    }
}

TEST(Dialer, ClientsStartWithDifferentServers) {
    std::set<Endpoint> first;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        first.insert(Shell(seed).connect(5));
    }
    EXPECT_EQ(first.size(), 5u);
}

TEST(Dialer, AddressThatIsResolvedTwiceIsTriedOnce) {
    Shell shell(1);
    ASSERT_TRUE(is_resolve(shell.next()));
    shell.dialer.on_resolved(shell.now, {{"a", 1}, {"b", 1}, {"a", 1}});
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(is_connect(shell.next()));
        shell.dialer.on_failed(shell.now);
    }
    EXPECT_TRUE(is_resolve(shell.next()));
}

TEST(Dialer, EndlessListOfAddressesIsCut) {
    Shell shell(1);
    ASSERT_TRUE(is_resolve(shell.next()));
    shell.dialer.on_resolved(shell.now, addresses(5000));
    std::size_t tried = 0;
    while (is_connect(shell.next())) {
        shell.dialer.on_failed(shell.now);
        ++tried;
    }
    EXPECT_EQ(tried, Dialer::max_addresses);
}

TEST(Dialer, FailedResolutionBacksOffAndResolvesAgain) {
    Shell shell(3);
    Duration longest{};
    for (int i = 0; i < 20; ++i) {
        const Instant before = shell.now;
        ASSERT_TRUE(is_resolve(shell.next()));
        longest = std::max(longest, shell.now - before);
        shell.dialer.on_resolved(shell.now, {});
    }
    EXPECT_GT(longest, 1s);
    EXPECT_LE(longest, 2s);
    EXPECT_EQ(shell.dialer.attempts(), 0u);
}

TEST(Dialer, BackOffIsSpreadFromZeroToABoundThatDoublesUpToItsMaximum) {
    constexpr int clients = 400;
    const Duration bounds[] = {100ms, 200ms, 400ms, 800ms, 1600ms, 2s, 2s};
    std::vector<Duration> shortest(std::size(bounds), Duration::max());
    std::vector<Duration> longest(std::size(bounds), Duration::zero());
    for (std::uint64_t seed = 0; seed < clients; ++seed) {
        Shell shell(seed);
        (void)shell.connect(1000);
        for (std::size_t i = 0; i < std::size(bounds); ++i) {
            const Instant failed = shell.now;
            shell.dialer.on_failed(failed);
            (void)shell.connect(1000);
            shortest[i] = std::min(shortest[i], shell.now - failed);
            longest[i] = std::max(longest[i], shell.now - failed);
        }
    }
    for (std::size_t i = 0; i < std::size(bounds); ++i) {
        EXPECT_LE(longest[i], bounds[i]) << i;
        EXPECT_GT(longest[i], bounds[i] * 9 / 10) << i;
        EXPECT_LT(shortest[i], bounds[i] / 10) << i;
    }
}

TEST(Dialer, AttachResetsTheBackOff) {
    Duration longest{};
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Shell shell(seed);
        for (int i = 0; i < 10; ++i) {
            (void)shell.connect(1000);
            shell.dialer.on_failed(shell.now);
        }
        (void)shell.connect(1000);
        shell.now += 10s;
        shell.dialer.on_attached(shell.now);
        EXPECT_TRUE(is_idle(shell.dialer.next(shell.now)));
        shell.dialer.on_lost(shell.now);
        (void)shell.connect(1000);
        const Instant failed = shell.now;
        shell.dialer.on_failed(failed);
        (void)shell.connect(1000);
        longest = std::max(longest, shell.now - failed);
    }
    EXPECT_LE(longest, 100ms);
    EXPECT_GT(longest, 90ms);
}

TEST(Dialer, ClientsThatLostOneServerDoNotReturnInOneInstant) {
    std::set<Duration> delays;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        Shell shell(seed);
        (void)shell.connect(3);
        shell.dialer.on_attached(shell.now);
        shell.now += 1h;
        const Instant lost = shell.now;
        shell.dialer.on_lost(lost);
        (void)shell.connect(3);
        delays.insert(shell.now - lost);
    }
    EXPECT_GT(delays.size(), 990u);
    EXPECT_LT(*delays.begin(), 2ms);
    EXPECT_GT(*delays.rbegin(), 98ms);
    EXPECT_LE(*delays.rbegin(), 100ms);
}

TEST(Dialer, LostConnectionIsFollowedByAFreshResolution) {
    Shell shell(1);
    (void)shell.connect(3);
    shell.dialer.on_attached(shell.now);
    shell.dialer.on_lost(shell.now);
    EXPECT_TRUE(is_resolve(shell.next()));
}

/// Attempts in the second that ends with each attempt.
std::size_t most_in_a_second(const std::vector<Instant>& attempts) {
    std::size_t most = 0;
    std::deque<Instant> window;
    for (const Instant attempt : attempts) {
        window.push_back(attempt);
        while (attempt - window.front() > 1s) {
            window.pop_front();
        }
        most = std::max(most, window.size());
    }
    return most;
}

TEST(Dialer, ServerThatWasLostIsTriedLastInTheNextRound) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Shell shell{seed};
        ASSERT_TRUE(is_resolve(shell.next()));
        shell.dialer.on_resolved(shell.now, addresses(3));
        const Dialer::Step first = shell.next();
        ASSERT_TRUE(is_connect(first));
        const Endpoint lost = std::get<Connect>(first).endpoint;
        shell.dialer.on_attached(shell.now);
        shell.dialer.on_lost(shell.now);
        ASSERT_TRUE(is_resolve(shell.next()));
        shell.dialer.on_resolved(shell.now, addresses(3));
        for (int attempt = 0; attempt < 3; ++attempt) {
            const Dialer::Step step = shell.next();
            ASSERT_TRUE(is_connect(step));
            EXPECT_EQ(std::get<Connect>(step).endpoint == lost, attempt == 2) << seed;
            shell.dialer.on_failed(shell.now);
        }
    }
}

TEST(Dialer, NeverConnectsMoreOftenThanItsRateInAnySecond) {
    Settings fast = settings();
    fast.backoff_min = fast.backoff_max = 1ms;
    for (const int rate : {1, 2, 10}) {
        fast.max_connects_per_second = rate;
        Shell shell(1, fast);
        std::vector<Instant> attempts;
        for (int i = 0; i < 300; ++i) {
            (void)shell.connect(3);
            attempts.push_back(shell.now);
            // Flapping counts like failing.
            if (i % 3 == 0) {
                shell.dialer.on_attached(shell.now);
                shell.dialer.on_lost(shell.now);
            } else {
                shell.dialer.on_failed(shell.now);
            }
        }
        EXPECT_EQ(most_in_a_second(attempts), static_cast<std::size_t>(rate));
        EXPECT_EQ(shell.dialer.attempts(), attempts.size());
    }
}

TEST(Dialer, ConnectionsThatFollowAVersionProbeStayUnderTheRateToo) {
    Settings fast = settings();
    fast.backoff_min = fast.backoff_max = 1ms;
    for (const int rate : {1, 2, 10}) {
        fast.max_connects_per_second = rate;
        Shell shell(1, fast);
        Random random(2);
        std::vector<Instant> attempts;
        for (int i = 0; i < 300; ++i) {
            (void)shell.connect(3);
            attempts.push_back(shell.now);
            for (std::uint64_t more = random.below(3); more > 0; --more) {
                shell.now += milliseconds{random.below(3)};
                for (Instant when = shell.dialer.follow_up(shell.now); when > shell.now;
                     when = shell.dialer.follow_up(shell.now)) {
                    shell.now = when;
                }
                attempts.push_back(shell.now);
            }
            shell.dialer.on_failed(shell.now);
        }
        EXPECT_EQ(most_in_a_second(attempts), static_cast<std::size_t>(rate));
        EXPECT_EQ(shell.dialer.attempts(), attempts.size());
    }
}

TEST(Dialer, WaitsNoLongerThanTheRateDemands) {
    Settings slow = settings();
    slow.backoff_min = slow.backoff_max = 1ns;
    slow.max_connects_per_second = 1;
    Shell shell(1, slow);
    (void)shell.connect(3);
    shell.dialer.on_failed(shell.now);
    const Dialer::Step step = shell.dialer.next(at(1ms));
    ASSERT_TRUE(std::holds_alternative<Dialer::Wait>(step));
    EXPECT_EQ(std::get<Dialer::Wait>(step).until, at(1s + 1ns));
}

TEST(Dialer, EventsThatDoNotFitChangeNothing) {
    Dialer dialer(settings(), Random{1});
    dialer.on_failed(at(0s));
    dialer.on_attached(at(0s));
    dialer.on_lost(at(0s));
    dialer.on_resolved(at(0s), addresses(3));
    EXPECT_EQ(dialer.attempts(), 0u);
    ASSERT_TRUE(is_resolve(dialer.next(at(0s))));
    dialer.on_failed(at(0s));
    dialer.on_lost(at(0s));
    EXPECT_TRUE(is_idle(dialer.next(at(0s))));
    dialer.on_resolved(at(0s), addresses(3));
    dialer.on_resolved(at(0s), {});  // a late second answer
    ASSERT_TRUE(is_connect(dialer.next(at(0s))));
    dialer.on_lost(at(0s));
    EXPECT_TRUE(is_idle(dialer.next(at(0s))));
    dialer.on_attached(at(0s));
    dialer.on_failed(at(0s));
    EXPECT_TRUE(is_idle(dialer.next(at(0s))));
}

TEST(Dialer, SameSeedTakesTheSameSteps) {
    Shell one(7);
    Shell two(7);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(one.connect(9), two.connect(9));
        EXPECT_EQ(one.now, two.now);
        one.dialer.on_failed(one.now);
        two.dialer.on_failed(two.now);
    }
}

}  // namespace
}  // namespace leasehold::core
