#include <leasehold/clock.hpp>
#include <leasehold/leasehold.h>

const char* lh_version(void) {
    return LEASEHOLD_VERSION;
}

int64_t lh_now_ns(void) {
    return leasehold::BootClock::now().time_since_epoch().count();
}
