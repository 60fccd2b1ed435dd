// Who leads next. The votes that real servers exchange are not modelled, only what comes out of
// them: nobody leads without a quorum that reaches it and has no more than it, and whoever comes
// later joins a leader that it hears a quorum agree on.
#include "sdk/server/ensemble_impl.hpp"

#include <algorithm>

namespace leasehold::server {

void Ensemble::Impl::seek_leader(Instant now) {
    if (!election_at) {
        election_at = now + options.tick / 4 + network.slowest();
    }
}

bool Ensemble::Impl::is_candidate(ServerId id) const {
    return !nodes[id]->is_paused && nodes[id]->member.phase() == Phase::looking;
}

bool Ensemble::Impl::is_followed(ServerId leader, ServerId as_seen_by) const {
    if (nodes[leader]->is_paused || !network.reaches(leader, as_seen_by)) {
        return false;
    }
    std::size_t count = 0;
    for (ServerId id = 0; id < nodes.size(); ++id) {
        const bool is_heard = !nodes[id]->is_paused && network.reaches(id, as_seen_by);
        count += is_heard && nodes[id]->member.leader() == leader ? 1 : 0;
    }
    return count >= quorum();
}

std::vector<ServerId> Ensemble::Impl::voters_of(ServerId candidate) const {
    std::vector<ServerId> voters;
    const History best = nodes[candidate]->member.history();
    for (ServerId id = 0; id < nodes.size(); ++id) {
        const History own = nodes[id]->member.history();
        const bool would_vote = own < best || (own == best && id <= candidate);
        if (is_candidate(id) && would_vote && network.reaches(id, candidate)) {
            voters.push_back(id);
        }
    }
    return voters;
}

void Ensemble::Impl::hold_election(Instant now) {
    election_at.reset();
    for (ServerId id = 0; id < nodes.size(); ++id) {
        for (ServerId leader = 0; is_candidate(id) && leader < nodes.size(); ++leader) {
            if (is_followed(leader, id)) {
                nodes[id]->member.follow(now, leader);
            }
        }
    }
    std::vector<ServerId> candidates;
    for (ServerId id = 0; id < nodes.size(); ++id) {
        if (is_candidate(id)) {
            candidates.push_back(id);
        }
    }
    std::sort(candidates.begin(), candidates.end(), [&](ServerId one, ServerId other) {
        const History of_one = nodes[one]->member.history();
        const History of_other = nodes[other]->member.history();
        return of_one != of_other ? of_one > of_other : one > other;
    });
    for (const ServerId candidate : candidates) {
        const std::vector<ServerId> voters = voters_of(candidate);
        if (voters.size() < quorum()) {
            continue;
        }
        nodes[candidate]->member.lead(now);
        for (const ServerId voter : voters) {
            if (voter != candidate) {
                nodes[voter]->member.follow(now, candidate);
            }
        }
        break;
    }
    const bool is_anybody_left = std::any_of(candidates.begin(), candidates.end(),
                                             [this](ServerId id) { return is_candidate(id); });
    if (is_anybody_left) {
        election_at = now + options.tick;
    }
}

}  // namespace leasehold::server
