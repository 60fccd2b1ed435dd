#include "sdk/capi/handles.hpp"

#include <array>
#include <mutex>
#include <pthread.h>
#include <string>
#include <vector>

namespace leasehold::capi {
namespace {

static_assert(sizeof(void*) == sizeof(Handle), "a handle takes the 64 bits of a pointer");

// From the lowest bit: 1, which no address of an object has; the kind; the slot; how often the slot
// was used before, so that the name of what was freed stays unused for 2^32 turns of its slot.
constexpr unsigned kind_shift = 1;
constexpr unsigned slot_shift = 5;
constexpr unsigned turn_shift = 32;
constexpr Handle kind_mask = (Handle{1} << (slot_shift - kind_shift)) - 1;
constexpr Handle slot_mask = (Handle{1} << (turn_shift - slot_shift)) - 1;

std::size_t slot_of(Handle handle) {
    return (handle >> slot_shift) & slot_mask;
}

}  // namespace

struct Handles::Slots {
    struct Slot {
        std::shared_ptr<void> object{};
        HandleKind kind{};
        std::uint32_t turn = 0;
    };

    mutable std::mutex mutex;  ///< guards what follows
    std::vector<Slot> slots;
    std::vector<std::uint32_t> free;

    [[nodiscard]] bool has(HandleKind kind, Handle handle) const {
        const std::size_t slot = slot_of(handle);
        return (handle & 1) == 1 && ((handle >> kind_shift) & kind_mask) == Handle(kind) &&
               slot < slots.size() && slots[slot].object && slots[slot].kind == kind &&
               slots[slot].turn == handle >> turn_shift;
    }
};

Handles& Handles::all() {
    static auto* const handles = new Handles;
    return *handles;
}

Handles::Handles() : x_slots(std::make_unique<Slots>()) {
    // A child that was forked while another thread was in here would find the mutex held for ever.
    // A plain mutex: a shared one knows its writer by the thread's id, which is another in a child.
    ::pthread_atfork([] { all().x_slots->mutex.lock(); }, [] { all().x_slots->mutex.unlock(); },
                     [] { all().x_slots->mutex.unlock(); });
}

Handle Handles::insert(HandleKind kind, std::shared_ptr<void> object) {
    const std::lock_guard lock(x_slots->mutex);
    if (x_slots->free.empty()) {
        if (x_slots->slots.size() > slot_mask) {
            throw std::bad_alloc();
        }
        // Room for all slots in the list of free ones: taking a handle must not fail.
        x_slots->free.reserve(x_slots->slots.size() + 1);
        x_slots->slots.emplace_back();
        x_slots->free.push_back(static_cast<std::uint32_t>(x_slots->slots.size() - 1));
    }
    const std::uint32_t slot = x_slots->free.back();
    x_slots->free.pop_back();
    auto& entry = x_slots->slots[slot];
    entry.object = std::move(object);
    entry.kind = kind;
    return Handle{entry.turn} << turn_shift | Handle{slot} << slot_shift |
           Handle(kind) << kind_shift | 1;
}

std::shared_ptr<void> Handles::find(HandleKind kind, Handle handle) const {
    const std::lock_guard lock(x_slots->mutex);
    return x_slots->has(kind, handle) ? x_slots->slots[slot_of(handle)].object : nullptr;
}

std::shared_ptr<void> Handles::take(HandleKind kind, Handle handle) {
    const std::lock_guard lock(x_slots->mutex);
    if (!x_slots->has(kind, handle)) {
        return nullptr;
    }
    auto& entry = x_slots->slots[slot_of(handle)];
    ++entry.turn;
    x_slots->free.push_back(static_cast<std::uint32_t>(slot_of(handle)));
    return std::exchange(entry.object, nullptr);
}

namespace {

class CapiCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "leasehold-c"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<capi_errc>(value)) {
            case capi_errc::invalid_handle: return "not a handle, or freed";
            case capi_errc::system_error: return "system error";
            case capi_errc::out_of_memory: return "out of memory";
        }
        return "unknown";
    }
};

}  // namespace

std::error_code make_error_code(capi_errc code) noexcept {
    static const CapiCategory category;
    return {static_cast<int>(code), category};
}

Error invalid_handle(HandleKind kind) {
    static constexpr std::array<std::string_view, 9> names{
        "",         "client", "lock",      "call",  "list of contenders",
        "observer", "error",  "operation", "server"};
    return {make_error_code(capi_errc::invalid_handle),
            {.what = "this is no " + std::string(names.at(static_cast<std::size_t>(kind))) +
                     ": NULL, freed, or something else"}};
}

}  // namespace leasehold::capi
