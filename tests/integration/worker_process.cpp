#include "tests/integration/worker_process.hpp"

#include <sstream>

namespace leasehold::integration {

Instant instant_of(std::int64_t nanoseconds) {
    return Instant{Duration{nanoseconds}};
}

WorkerProcess::WorkerProcess(const std::string& hosts, milliseconds session_timeout,
                             bool is_standalone)
    : x_process({LEASEHOLD_LOCK_WORKER, hosts, std::to_string(session_timeout.count()),
                 is_standalone ? "standalone" : "ensemble"}) {
    x_process.expect("ready", 30s);
}

WorkerProcess::~WorkerProcess() {
    if (x_process.is_running()) {
        x_process.resume();
        x_process.close_input();
        (void)x_process.wait(5s);
    }
}

void WorkerProcess::lock(const std::string& id, const std::string& path, milliseconds wait,
                         milliseconds budget, Naming naming) {
    ask(id, path, wait, budget, naming == Naming::kazoo ? " kazoo" : "");
}

void WorkerProcess::lock_shared(const std::string& id, const std::string& path, milliseconds wait,
                                milliseconds budget) {
    ask(id, path, wait, budget, " shared");
}

void WorkerProcess::lock_upgradable(const std::string& id, const std::string& path,
                                    milliseconds wait, milliseconds budget) {
    ask(id, path, wait, budget, " upgradable");
}

void WorkerProcess::upgrade(const std::string& id, milliseconds wait) {
    x_process.send("upgrade " + id + " " + std::to_string(wait.count()));
}

std::int64_t WorkerProcess::upgraded(const std::string& id) {
    return std::stoll(x_process.expect("upgraded " + id + " "));
}

void WorkerProcess::lock_with_delay(const std::string& id, const std::string& path,
                                    milliseconds wait, milliseconds budget,
                                    milliseconds lock_delay) {
    ask(id, path, wait, budget, " delay=" + std::to_string(lock_delay.count()));
}

void WorkerProcess::ask(const std::string& id, const std::string& path, milliseconds wait,
                        milliseconds budget, const std::string& more, const char* verb) {
    x_process.send(std::string(verb) + " " + id + " " + path + " " + std::to_string(wait.count()) +
                   " " + std::to_string(budget.count()) + more);
    x_process.expect("queued " + id);
}

void WorkerProcess::serve(const std::string& id, const std::string& path, milliseconds wait,
                          milliseconds budget, milliseconds work) {
    ask(id, path, wait, budget, " " + std::to_string(work.count()), "serve");
}

void WorkerProcess::serve_permit(const std::string& id, const std::string& path, int permits,
                                 milliseconds wait, milliseconds budget, milliseconds work) {
    ask(id, path, wait, budget,
        " permits=" + std::to_string(permits) + " " + std::to_string(work.count()), "serve");
}

void WorkerProcess::elect(const std::string& id, const std::string& path) {
    x_process.send("elect " + id + " " + path);
    x_process.expect("queued " + id);
}

Instant WorkerProcess::deadline(const std::string& id) {
    x_process.send("deadline " + id);
    return instant_of(std::stoll(x_process.expect("deadline " + id + " ")));
}

RemoteGrant WorkerProcess::granted(const std::string& id, milliseconds limit) {
    std::istringstream words(x_process.expect("granted " + id + " ", limit));
    RemoteGrant grant;
    std::int64_t now = 0;
    std::int64_t deadline = 0;
    words >> grant.token >> now >> deadline >> grant.node;
    grant.granted = instant_of(now);
    grant.deadline = instant_of(deadline);
    return grant;
}

Service WorkerProcess::next_service(milliseconds limit) {
    std::istringstream words(x_process.expect("served ", limit));
    Service service;
    std::int64_t from = 0;
    std::int64_t to = 0;
    words >> service.id >> service.token >> from >> to;
    service.from = instant_of(from);
    service.to = instant_of(to);
    return service;
}

void WorkerProcess::release(const std::string& id) {
    x_process.send("release " + id);
    x_process.expect("released " + id + " ok");
}

}  // namespace leasehold::integration
