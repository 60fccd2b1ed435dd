package io.leasehold;

/** A version of TLS. */
public enum TlsVersion {
    TLS_1_2(12),
    TLS_1_3(13);

    private final int number;

    TlsVersion(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
