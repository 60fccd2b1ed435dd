#include "sdk/capi/operations.hpp"

using namespace leasehold::capi;

int lh_cancel(lh_operation operation) {
    bool was_under_way = false;
    answer(nullptr, [&]() -> leasehold::result<void> {
        if (const auto box = Handles::all().find(HandleKind::operation, operation)) {
            was_under_way = true;
            static_cast<OperationBox*>(box.get())->cancel();
        }
        return leasehold::success();
    });
    return was_under_way ? 1 : 0;
}
