package io.leasehold;

import java.io.Serializable;

/** The parts of an error as C tells them: "" and -1 where unknown. */
record ErrorDetail(ErrorCode code, int number, String message, String path, String holder,
                   String holderNode, long position, long timeLeftNanos) implements Serializable {
    static ErrorDetail of(ErrorCode code, String message, String path) {
        return new ErrorDetail(code, code.number(), message, path, "", "", -1, -1);
    }
}
