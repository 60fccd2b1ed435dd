#include "sdk/embedded/host.hpp"

#include "sdk/net/thread.hpp"

#include <system_error>

namespace leasehold::embedded {

Host::Host(Settings settings)
    : x_io(1), x_work(x_io.get_executor()), x_front(x_io, std::move(settings)) {}

result<std::unique_ptr<Host>> Host::start(Settings settings) {
    try {
        std::unique_ptr<Host> host(new Host(std::move(settings)));
        BOOST_OUTCOME_TRYV(host->x_front.open());
        host->x_thread = net::start_thread("leasehold-test", [io = &host->x_io] { io->run(); });
        return host;
    } catch (const std::system_error& error) {
        return Error(error.code(), {.what = "the servers' thread could not be started"});
    }
}

Host::~Host() {
    x_io.stop();
    if (x_thread.joinable()) {
        x_thread.join();
    }
}

}  // namespace leasehold::embedded
