package io.leasehold.internal;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Strings on their way to C and back: UTF-8 in byte arrays. JNI's own strings are a modified UTF-8
 * that writes NUL and supplementary characters in a way that no other program reads.
 */
public final class Text {
    private Text() {}

    /** Refuses what C cannot be told: NUL, and halves of characters. */
    public static byte[] utf8(String text, String what) {
        Objects.requireNonNull(text, what);
        for (int i = 0; i < text.length(); ++i) {
            char each = text.charAt(i);
            if (each == 0) {
                throw new IllegalArgumentException(what + " has a NUL at " + i);
            }
            if (Character.isSurrogate(each)) {
                boolean isPair = Character.isHighSurrogate(each) && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
                if (!isPair) {
                    throw new IllegalArgumentException(what + " has half a character at " + i);
                }
                ++i;
            }
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    public static String of(byte[] utf8) {
        return utf8 == null ? "" : new String(utf8, StandardCharsets.UTF_8);
    }
}
