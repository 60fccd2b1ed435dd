package io.leasehold;

/** What the lease rests on. */
public enum LeaseEvidence {
    /** Any answer of a server, less what one that lost its leader may go on answering. */
    CONSERVATIVE(0),
    /** Answers to writes, which only a leader with a quorum can give: for short session timeouts. */
    QUORUM(1);

    private final int number;

    LeaseEvidence(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
