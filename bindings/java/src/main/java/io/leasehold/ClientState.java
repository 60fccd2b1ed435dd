package io.leasehold;

/** How a client stands with its ensemble. In the order of {@code lh_state}. */
public enum ClientState {
    CONNECTING,
    CONNECTED,
    /** No fresh evidence; leases end at their deadlines. */
    JEOPARDY,
    CLOSED;

    private static final ClientState[] ALL = values();

    static ClientState of(int number) {
        return ALL[number];
    }
}
