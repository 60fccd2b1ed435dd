package io.leasehold;

import java.time.Duration;

/** One consistent snapshot. Counters run from the start of the client and never go back. */
public record ClientStats(long sessions, long connects, long reconnects, long requests, long pings,
                          long bytesSent, long bytesReceived, long locksHeld, long locksWaiting,
                          long pendingRequests, long watches, long nodesToDelete, long orphans,
                          long grants, long localGrants, long refusals, long overruns, long losses,
                          long gaps, Duration sessionTimeout, Duration evidenceAge,
                          Duration leaseInHand) {
    /** In the order of {@code lh_client_stats}. */
    static ClientStats of(long[] n) {
        return new ClientStats(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10],
                               n[11], n[12], n[13], n[14], n[15], n[16], n[17], n[18],
                               Duration.ofNanos(n[19]), Duration.ofNanos(n[20]),
                               Duration.ofNanos(n[21]));
    }
}
