// Many locks at once on one socket: whatever a round of replies allows to be sent leaves in one
// write.
#include "bench/contestants/floor.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::bench::floor {

namespace {

struct Lock {
    LockFrames frames;
    int left;
    std::string release;
};

enum class Step { created, listed, removed };

class Many {
public:
    Many(BareSession& session, const std::string& path, int depth, int count) : x_session(session) {
        for (int number = 0; number < depth; ++number) {
            const std::string own = path + "-" + std::to_string(number);
            session.make(own);
            x_locks.push_back({LockFrames(own), count, {}});
        }
    }

    void run() {
        for (Lock& lock : x_locks) {
            acquire(lock);
        }
        flush();
        while (!x_awaited.empty()) {
            const auto [lock, step] = x_awaited.front();
            x_awaited.pop_front();
            take(*lock, step, x_session.answer());
            if (!x_session.has_more()) {
                flush();
            }
        }
    }

private:
    void take(Lock& lock, Step step, std::string_view body) {
        switch (step) {
            case Step::created: lock.release = lock.frames.release(body); return;
            case Step::listed:
                x_unsent += lock.release;
                x_awaited.emplace_back(&lock, Step::removed);
                return;
            case Step::removed:
                if (--lock.left > 0) {
                    acquire(lock);
                }
        }
    }

    void acquire(Lock& lock) {
        x_unsent += lock.frames.acquire();
        x_awaited.emplace_back(&lock, Step::created);
        x_awaited.emplace_back(&lock, Step::listed);
    }

    void flush() {
        if (!x_unsent.empty()) {
            x_session.write(x_unsent);
            x_unsent.clear();
        }
    }

    BareSession& x_session;
    std::vector<Lock> x_locks;
    std::deque<std::pair<Lock*, Step>> x_awaited;  // replies come in the order of the requests
    std::string x_unsent;
};

}  // namespace

Command many(BareSession& session) {
    return [&session](std::istream& words) -> nlohmann::json {
        const auto path = next<std::string>(words);
        const int depth = next<int>(words);
        Many all(session, path, depth, next<int>(words));
        const auto begin = Clock::now();
        all.run();
        return {{"seconds", microseconds(Clock::now() - begin) / 1e6}};
    };
}

}  // namespace leasehold::bench::floor
