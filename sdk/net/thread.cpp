#include "sdk/net/thread.hpp"

#include <algorithm>
#include <pthread.h>
#include <signal.h>
#include <utility>

namespace leasehold::net {
namespace {

/// A new thread inherits the mask of its creator: block everything around its creation.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &x_before);
    }
    ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &x_before, nullptr); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

private:
    sigset_t x_before{};
};

}  // namespace

std::thread start_thread(std::string name, std::function<void()> body) {
    constexpr std::size_t longest_name = 15;
    name.resize(std::min(name.size(), longest_name));
    const AllSignalsBlocked blocked;
    return std::thread([name = std::move(name), body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        body();
    });
}

}  // namespace leasehold::net
