#include "sdk/core/quorum_proof.hpp"

#include "sdk/core/settings.hpp"

#include <algorithm>
#include <cstddef>

namespace leasehold::core {
namespace {

constexpr std::size_t most_candidates = 256;

}  // namespace

QuorumProof::QuorumProof(Duration spacing, Duration grain)
    : x_spacing(spacing),
      x_grain(grain),
      x_single(most_candidates),
      x_maturing(most_candidates),
      x_closing(most_candidates) {}

void QuorumProof::begin(Instant created) {
    on_connection_lost();
    x_proven = created;
}

void QuorumProof::on_connection_lost() {
    x_single.clear();
    x_maturing.clear();
    x_closing.clear();
    x_last_candidate = Instant::min();
}

/// The last stage first, so that one answer carries a candidate on by one stage only.
void QuorumProof::on_ack(Instant sent, Instant received, bool is_commit) {
    while (is_commit && !x_closing.empty() && x_closing.front().after < sent) {
        x_proven = std::max(x_proven, x_closing.front().sent);
        x_closing.pop_front();
    }
    while (is_commit && !x_maturing.empty() && x_maturing.front().after < sent) {
        add(x_closing, {x_maturing.front().sent, received});
        x_maturing.pop_front();
    }
    while (!x_single.empty() && x_single.front().after < sent) {
        add(x_maturing, {x_single.front().sent, later(received, x_spacing)});
        x_single.pop_front();
    }
    if (sent >= later(x_last_candidate, x_grain)) {
        x_last_candidate = sent;
        add(x_single, {sent, received});
    }
}

/// Of two that wait for the same, the later one proves more.
void QuorumProof::add(Candidates& to, Candidate candidate) {
    if (!to.empty() && to.back().after == candidate.after) {
        to.back().sent = std::max(to.back().sent, candidate.sent);
    } else {
        to.push_back(candidate);
    }
}

Instant QuorumProof::next_useful_write() const {
    Instant next = Instant::max();
    for (const Candidates* each : {&x_closing, &x_maturing}) {
        if (!each->empty()) {
            next = std::min(next, each->front().after);
        }
    }
    return later(next, Duration{1});
}

}  // namespace leasehold::core
