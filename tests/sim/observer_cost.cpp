// What an uncontended acquisition costs on the wire (L1): one create and one list, in one write.
#include "tests/sim/observer.hpp"

#include <algorithm>

namespace leasehold::sim {

namespace {

/// After it nothing of what a connection finds to do when it begins is under way.
constexpr Duration settled = std::chrono::seconds{3};

bool is_below(const std::string& path, const std::string& lock) {
    return path.size() > lock.size() + 1 && path.starts_with(lock + "/");
}

}  // namespace

void Observer::on_lock_request(Instant truth, ClientNumber who, wire::Opcode op,
                               const std::string& path) {
    for (std::size_t i = 0; i < x_locks.size(); ++i) {
        Course& course = x_clients[who].courses[i];
        if (is_below(path, x_locks[i].path)) {
            const bool is_create = op == wire::Opcode::create || op == wire::Opcode::multi;
            if (course.id == 0 && is_create) {
                course = {.id = lone_caller(truth, who, i), .begun = truth};
            }
            is_create ? ++course.creates : ++course.others;
            course.is_by_multi |= op == wire::Opcode::multi;
        } else if (path == x_locks[i].path && op == wire::Opcode::get_children) {
            ++course.lists;
        } else if (path == x_locks[i].path) {
            course = {};  // the path has to be made first
        } else {
            continue;
        }
        course.is_in_one_write &= course.begun == truth;
    }
}

/// Who causes the requests on a path, if that is beyond doubt, and nothing has to be asked besides.
OperationId Observer::lone_caller(Instant truth, ClientNumber who, std::size_t lock) const {
    const Client& client = x_clients[who];
    const bool holds = std::any_of(client.held.begin(), client.held.end(),
                                   [&](const auto& each) { return each.second.is_of(lock); });
    OperationId caller = 0;
    std::size_t callers = 0;
    bool is_plain = true;
    for (const auto& [id, ask] : client.asked) {
        if (ask.is_for(x_locks[lock].path)) {
            caller = id;
            ++callers;
            // A contender that another has begun may be as that one wanted it.
            is_plain = !ask.looks_first && !ask.watches_itself && ask.since == truth;
        }
    }
    const bool is_settled = local(who, truth) - client.attached_since > settled;
    // It may have learned in an earlier place that it has to hold back, and watches itself then.
    const bool is_free_to_go = truth >= client.excused_until[lock];
    return !holds && callers == 1 && is_plain && is_settled && is_free_to_go ? caller : 0;
}

void Observer::check_cost(Instant truth, ClientNumber who, const Holding& holding) {
    if (holding.is_set()) {
        return check_set_cost(truth, who, holding);
    }
    check_lock_cost(truth, who, holding, x_clients[who].courses[holding.lock]);
}

/// If nobody was in the way on any of its paths.
void Observer::check_set_cost(Instant truth, ClientNumber who, const Holding& holding) {
    const auto& courses = x_clients[who].courses;
    const Instant begun = courses[holding.lock].begun;
    for (const Spot& spot : holding.spots) {
        if (courses[spot.lock].id != holding.id) {
            return;
        }
    }
    for (const Spot& spot : holding.spots) {
        const Course& course = courses[spot.lock];
        check_lock_cost(truth, who, holding, course);
        if (!course.is_by_multi || course.begun != begun) {
            violated(truth,
                     "L1: the nodes of " + name(who, holding.id) + " are not made by one multi");
        }
    }
}

void Observer::check_lock_cost(Instant truth, ClientNumber who, const Holding& holding,
                               const Course& course) {
    if (course.id == holding.id && (course.creates != 1 || course.lists != 1 ||
                                    course.others != 0 || !course.is_in_one_write)) {
        violated(truth, "L1: " + name(who, holding.id) + " is granted for " +
                            std::to_string(course.creates) + " creates, " +
                            std::to_string(course.lists) + " lists and " +
                            std::to_string(course.others) + " other requests" +
                            (course.is_in_one_write ? "" : ", not all in one write"));
    }
}

}  // namespace leasehold::sim
