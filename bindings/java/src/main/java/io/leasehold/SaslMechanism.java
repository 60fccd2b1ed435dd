package io.leasehold;

/** How a client proves by SASL who it is. */
public enum SaslMechanism {
    /** With a user and a password. */
    DIGEST_MD5(1),
    /** With a Kerberos ticket. */
    GSSAPI(2);

    private final int number;

    SaslMechanism(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
