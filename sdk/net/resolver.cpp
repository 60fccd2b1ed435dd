#include "sdk/net/resolver.hpp"

#include "sdk/net/thread.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <map>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace leasehold::net {
namespace {

bool is_numeric(const std::string& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

std::string to_text(const sockaddr& address, socklen_t length) {
    char host[NI_MAXHOST];
    const int failed =
        ::getnameinfo(&address, length, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    return failed == 0 ? std::string(host) : std::string();
}

}  // namespace

std::vector<std::string> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    std::vector<std::string> addresses;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &first) != 0) {
        return addresses;
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(first, ::freeaddrinfo);
    for (const addrinfo* info = first; info != nullptr; info = info->ai_next) {
        if (addresses.size() == Resolver::most_per_host) {
            break;
        }
        addresses.push_back(to_text(*info->ai_addr, info->ai_addrlen));
    }
    return addresses;
}

/// What the look-up thread and the resolver share; it outlives the resolver if the thread does.
struct Resolver::Mailbox {
    Lookup look_up;
    std::mutex mutex;
    /// Null once the resolver is gone.
    Resolver* resolver = nullptr;
    bool is_busy = false;
    std::map<std::string, std::vector<std::string>> found;

    void run(const std::vector<std::string>& hosts) {
        for (const std::string& host : hosts) {
            auto addresses = look_up(host);
            const std::lock_guard lock(mutex);
            if (resolver == nullptr) {
                return;
            }
            // What was known before is a better guess than nothing while the name service is down.
            if (!addresses.empty()) {
                found[host] = std::move(addresses);
            }
        }
        const std::lock_guard lock(mutex);
        is_busy = false;
        if (resolver != nullptr) {
            // The io_context outlives the resolver, which is told apart from its successor by
            // the mailbox: it has answered already if it timed out.
            boost::asio::post(resolver->x_io, [mailbox = resolver->x_mailbox] {
                if (mailbox->resolver != nullptr) {
                    mailbox->resolver->answer();
                }
            });
        }
    }
};

Resolver::Resolver(boost::asio::io_context& io, Duration limit, Lookup lookup)
    : x_io(io), x_timer(io), x_limit(limit), x_mailbox(std::make_shared<Mailbox>()) {
    x_mailbox->look_up = std::move(lookup);
    x_mailbox->resolver = this;
}

Resolver::~Resolver() {
    const std::lock_guard lock(x_mailbox->mutex);
    x_mailbox->resolver = nullptr;
}

void Resolver::resolve(std::vector<core::Endpoint> hosts, Handler handler) {
    x_hosts = std::move(hosts);
    x_handler = std::move(handler);
    x_timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(x_limit));
    x_timer.async_wait([this](boost::system::error_code error) {
        if (!error) {
            answer();
        }
    });
    look_up_missing();
}

void Resolver::look_up_missing() {
    std::vector<std::string> names;
    for (const core::Endpoint& host : x_hosts) {
        if (!is_numeric(host.host) && std::ranges::count(names, host.host) == 0) {
            names.push_back(host.host);
        }
    }
    {
        const std::lock_guard lock(x_mailbox->mutex);
        if (x_mailbox->is_busy) {
            return;
        }
        x_mailbox->is_busy = !names.empty();
    }
    if (!names.empty()) {
        try {
            start_thread("leasehold-dns", [mailbox = x_mailbox, names = std::move(names)] {
                mailbox->run(names);
            }).detach();
            return;
        } catch (const std::system_error&) {
            const std::lock_guard lock(x_mailbox->mutex);
            x_mailbox->is_busy = false;
        }
    }
    boost::asio::post(x_io, [mailbox = x_mailbox] {
        if (mailbox->resolver != nullptr) {
            mailbox->resolver->answer();
        }
    });
}

void Resolver::answer() {
    x_timer.cancel();
    std::vector<core::Endpoint> endpoints;
    const auto add = [&](const std::string& address, const core::Endpoint& host) {
        core::Endpoint endpoint = host;
        endpoint.host = address;
        if (endpoints.size() < most && std::ranges::count(endpoints, endpoint) == 0) {
            endpoints.push_back(std::move(endpoint));
        }
    };
    {
        const std::lock_guard lock(x_mailbox->mutex);
        for (const core::Endpoint& host : x_hosts) {
            if (is_numeric(host.host)) {
                add(host.host, host);
            } else if (const auto found = x_mailbox->found.find(host.host);
                       found != x_mailbox->found.end()) {
                const auto& addresses = found->second;
                const std::size_t count = std::min(addresses.size(), most_per_host);
                for (std::size_t i = 0; i < count; ++i) {
                    add(addresses[i], host);
                }
            }
        }
    }
    if (const Handler handler = std::exchange(x_handler, {})) {
        handler(std::move(endpoints));
    }
}

}  // namespace leasehold::net
