#include "sdk/embedded/faults.hpp"

#include "sdk/wire/opcode.hpp"

namespace leasehold::embedded {
namespace {

using testing::Operation;
using wire::Opcode;

Operation operation_of(Opcode op) {
    switch (op) {
        case Opcode::create_session: return Operation::connect;
        case Opcode::close_session: return Operation::close_session;
        case Opcode::create:
        case Opcode::create2:
        case Opcode::create_container:
        case Opcode::create_ttl: return Operation::create;
        case Opcode::remove: return Operation::remove;
        case Opcode::set_data: return Operation::set;
        case Opcode::get_data: return Operation::get;
        case Opcode::exists: return Operation::exists;
        case Opcode::get_children:
        case Opcode::get_children2: return Operation::children;
        case Opcode::multi: return Operation::multi;
        case Opcode::sync: return Operation::sync;
        default: return Operation::any;
    }
}

/// What clients do by themselves, to be connected and to stay so.
bool is_housekeeping(Opcode op) {
    return op == Opcode::create_session || op == Opcode::ping || op == Opcode::auth ||
           op == Opcode::set_watches || op == Opcode::set_watches2;
}

}  // namespace

FaultPlan::Predicate fits(Operation operation) {
    return [operation](const server::Arrival& arrival) {
        return operation == Operation::any ? !is_housekeeping(arrival.op)
                                           : operation_of(arrival.op) == operation;
    };
}

}  // namespace leasehold::embedded
