#include "sdk/core/contender_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace leasehold::core {

namespace {

constexpr std::size_t sequence_digits = 10;

// Curator orders names by what follows the text that its own lock writes; where that text is
// missing, by the whole name.
constexpr std::string_view curator_mutex = "-lock-";
constexpr std::string_view curator_exclusive = "-__WRIT__";
constexpr std::string_view curator_shared = "-__READ__";
/// A share as well, for whoever knows no more of it than its end.
constexpr std::string_view curator_upgradable = "-up-__READ__";
constexpr std::string_view kazoo_upgradable = "-up__rlock__";
constexpr std::string_view curator_permit = "-lease-";
constexpr std::string_view curator_latch = "latch-";
/// In front of Curator's and go-zookeeper's names, never of ours.
constexpr std::string_view curator_protection = "_c_";
/// The child that Curator's semaphores have their queue in.
constexpr std::string_view curator_leases = "leases";
constexpr std::string_view kazoo_exclusive = "__lock__";
constexpr std::string_view kazoo_shared = "__rlock__";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_separator(char c) {
    return c == '-' || c == '_';
}

std::size_t trailing_digits(std::string_view name) {
    const auto last_other = std::find_if_not(name.rbegin(), name.rend(), is_digit);
    return static_cast<std::size_t>(last_other - name.rbegin());
}

/// "%010d" of a negative number: a minus and nine digits or more, behind the name's own separator.
bool is_negative(std::string_view name, std::size_t digits) {
    if (digits < sequence_digits - 1 || digits + 2 > name.size()) {
        return false;
    }
    const std::string_view before = name.substr(0, name.size() - digits);
    return before.back() == '-' && is_separator(before[before.size() - 2]);
}

std::string_view without_sequence(std::string_view name) {
    return name.substr(0, name.size() - std::min(name.size(), sequence_digits));
}

std::string_view suffix_of(Naming naming, LockKind kind) {
    if (kind == LockKind::permit) {
        return curator_permit;
    }
    if (kind == LockKind::upgradable) {
        return naming == Naming::kazoo ? kazoo_upgradable : curator_upgradable;
    }
    const bool shares = kind == LockKind::shared;
    switch (naming) {
        case Naming::curator: return shares ? curator_shared : curator_mutex;
        case Naming::curator_read_write: return shares ? curator_shared : curator_exclusive;
        case Naming::kazoo: return shares ? kazoo_shared : kazoo_exclusive;
    }
    return curator_mutex;
}

constexpr std::array our_suffixes{curator_mutex,      curator_exclusive, curator_shared,
                                  curator_permit,     kazoo_exclusive,   kazoo_shared,
                                  curator_upgradable, kazoo_upgradable};

constexpr std::size_t our_id_digits = 16;
constexpr std::size_t kazoo_id_digits = 32;

/// What follows our id in a name without its number; nothing if it is not ours.
std::optional<std::string_view> after_our_id(std::string_view text) {
    if (text.size() < our_id_digits || !is_hex(text.substr(0, our_id_digits))) {
        return std::nullopt;
    }
    return text.substr(our_id_digits);
}

/// Of the node that an upgradable holder makes to be alone: `-w`, which attempt, the kind.
constexpr std::string_view upgrade_infix = "-w";

bool is_upgrade_suffix(std::string_view suffix) {
    if (!suffix.starts_with(upgrade_infix)) {
        return false;
    }
    suffix.remove_prefix(upgrade_infix.size());
    const std::size_t digits = std::min(suffix.find_first_not_of("0123456789"), suffix.size());
    const std::string_view kind = suffix.substr(digits);
    return digits != 0 && (kind == curator_exclusive || kind == kazoo_exclusive);
}

/// Fail closed: kazoo's own, unless it is named as ours are.
bool is_of_kazoo(std::string_view text) {
    if (!text.ends_with(kazoo_exclusive) && !text.ends_with(kazoo_shared)) {
        return false;
    }
    const bool has_our_length = text.size() == our_id_digits + kazoo_exclusive.size() ||
                                text.size() == our_id_digits + kazoo_shared.size();
    const auto suffix = after_our_id(text);
    return !has_our_length &&
           !(suffix && (*suffix == kazoo_upgradable || is_upgrade_suffix(*suffix)));
}

/// Of any child, also of those that have no number.
void note_semaphore(Company& company, std::string_view name) {
    company.has_curator_leases |= name == curator_leases;
    company.has_kazoo_permit |= name.size() == kazoo_id_digits && is_hex(name);
}

void note_library(Company& company, std::string_view name) {
    const std::string_view text = without_sequence(name);
    company.permits += text.ends_with(curator_permit) ? 1 : 0;
    company.has_kazoo |= text.ends_with(kazoo_exclusive) || text.ends_with(kazoo_shared);
    company.has_foreign_kazoo |= is_of_kazoo(text);
    company.has_curator_latch |= text.ends_with(curator_latch);
    if (text.starts_with(curator_protection)) {
        company.has_curator_mutex |= text.ends_with(curator_mutex);
        company.has_curator_read_write |=
            text.ends_with(curator_exclusive) || text.ends_with(curator_shared);
        company.has_curator_permit |= text.ends_with(curator_permit);
    }
}

std::optional<std::string_view> why_no_semaphore(const Company& company, int permits) {
    if (company.has_kazoo_permit) {
        return "kazoo's Semaphore is on this path: it would not wait for our permits, nor we for "
               "its";
    }
    if (company.has_curator_leases) {
        return "Curator's InterProcessSemaphoreV2 is on this path: its queue is in the child "
               "`leases`";
    }
    if (company.permits < company.contenders) {
        return "locks are taken on this path: a semaphore needs another";
    }
    if (company.has_curator_permit && permits == 1) {
        return "Curator's InterProcessSemaphoreV2 is in this queue: it waits also for those behind "
               "it, who would wait for the only permit";
    }
    return std::nullopt;
}

}  // namespace

std::string contender_prefix(Naming naming, LockKind kind, std::string_view id) {
    const std::string_view suffix = suffix_of(naming, kind);
    std::string prefix;
    prefix.reserve(id.size() + suffix.size() + sequence_digits);
    prefix += id;
    prefix += suffix;
    return prefix;
}

LockKind kind_of(std::string_view name) {
    const std::string_view text = without_sequence(name);
    if (text.ends_with(curator_permit)) {
        return LockKind::permit;
    }
    const auto suffix = after_our_id(text);
    if (suffix == curator_upgradable || suffix == kazoo_upgradable) {
        return LockKind::upgradable;
    }
    return text.ends_with(curator_shared) || text.ends_with(kazoo_shared) ? LockKind::shared
                                                                          : LockKind::exclusive;
}

std::optional<std::int64_t> sequence_of(std::string_view name) {
    const std::size_t digits = trailing_digits(name);
    if (is_negative(name, digits)) {
        return -1;
    }
    if (digits < sequence_digits) {
        return std::nullopt;
    }
    const std::string_view number = name.substr(name.size() - sequence_digits);
    std::int64_t sequence = 0;
    std::from_chars(number.data(), number.data() + number.size(), sequence);
    return sequence;
}

namespace {

template <class Names>
Listing read_names(const Names& children) {
    Listing listing;
    listing.queue.reserve(children.size());
    for (const std::string_view name : children) {
        note_semaphore(listing, name);
        const auto sequence = sequence_of(name);
        if (!sequence) {
            ++listing.foreign;
            continue;
        }
        listing.is_exhausted |= *sequence < 0 || *sequence > max_sequence;
        note_library(listing, name);
        listing.queue.push_back({*sequence, name});
    }
    std::sort(listing.queue.begin(), listing.queue.end());
    listing.contenders = listing.queue.size();
    return listing;
}

}  // namespace

Listing read_listing(std::span<const std::string_view> children) {
    return read_names(children);
}

Listing read_listing(std::span<const std::string> children) {
    return read_names(children);
}

bool is_our_name(std::string_view name) {
    const auto suffix = after_our_id(without_sequence(name));
    return suffix &&
           std::find(our_suffixes.begin(), our_suffixes.end(), *suffix) != our_suffixes.end();
}

std::string upgrade_prefix(Naming naming, std::string_view base, int attempt) {
    return std::string(base.substr(0, our_id_digits)) + std::string(upgrade_infix) +
           std::to_string(attempt) +
           std::string(naming == Naming::kazoo ? kazoo_exclusive : curator_exclusive);
}

std::optional<std::string_view> upgrade_id(std::string_view name) {
    const auto suffix = after_our_id(without_sequence(name));
    return suffix && is_upgrade_suffix(*suffix) ? std::optional(name.substr(0, our_id_digits))
                                                : std::nullopt;
}

bool is_our_permit(std::string_view name) {
    return is_our_name(name) && without_sequence(name).ends_with(curator_permit);
}

std::optional<std::string_view> why_not_mix(Naming naming, LockKind kind, const Company& company,
                                            int permits) {
    if (kind == LockKind::upgradable) {  // what makes it exclusive looks for itself
        kind = LockKind::shared;
    }
    if (kind == LockKind::permit) {
        return why_no_semaphore(company, permits);
    }
    if (company.permits > 0) {
        return "this path is a semaphore's: a lock needs another";
    }
    if (company.has_curator_latch) {
        return "Curator's LeaderLatch is on this path, which orders our names by chance: use "
               "another path, or its LeaderSelector";
    }
    const std::string_view ours = suffix_of(naming, kind);
    if (company.has_curator_mutex && ours != curator_mutex) {
        return kind == LockKind::shared
                   ? "Curator's InterProcessMutex or go-zookeeper is in this queue: they know no "
                     "shared locks"
                   : "Curator's InterProcessMutex or go-zookeeper is in this queue: set naming = "
                     "curator";
    }
    if (company.has_curator_read_write && ours != curator_exclusive && ours != curator_shared) {
        return "Curator's InterProcessReadWriteLock is in this queue: set naming = "
               "curator_read_write";
    }
    const bool is_kazoo = ours == kazoo_exclusive || ours == kazoo_shared;
    if (company.has_foreign_kazoo && !is_kazoo && ours != curator_mutex) {
        return "kazoo's locks are in this queue: set naming = kazoo";
    }
    return std::nullopt;
}

}  // namespace leasehold::core
