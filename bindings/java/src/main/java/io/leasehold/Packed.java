package io.leasehold;

import io.leasehold.internal.Text;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Options as C reads them: numbers in the order of the C struct, then the permissions of the access
 * control list; texts, of which null is none, then its schemes and ids in pairs. Immutable.
 */
final class Packed {
    final long[] numbers;
    final byte[][] texts;

    Packed(long[] numbers, int texts) {
        this(numbers, new byte[texts][]);
    }

    private Packed(long[] numbers, byte[][] texts) {
        this.numbers = numbers;
        this.texts = texts;
    }

    Packed with(int index, long number) {
        long[] changed = numbers.clone();
        changed[index] = number;
        return new Packed(changed, texts);
    }

    Packed withText(int index, byte[] text) {
        byte[][] changed = texts.clone();
        changed[index] = text;
        return new Packed(numbers, changed);
    }

    /** {@code ownNumbers} and {@code ownTexts} is where the access control list begins. */
    Packed withAcl(int ownNumbers, int ownTexts, List<Acl> acl) {
        Objects.requireNonNull(acl, "acl");
        long[] changedNumbers = Arrays.copyOf(numbers, ownNumbers + acl.size());
        byte[][] changedTexts = Arrays.copyOf(texts, ownTexts + 2 * acl.size());
        for (int i = 0; i < acl.size(); ++i) {
            Acl entry = acl.get(i);
            changedNumbers[ownNumbers + i] = entry.permissions();
            changedTexts[ownTexts + 2 * i] = Text.utf8(entry.scheme(), "scheme");
            changedTexts[ownTexts + 2 * i + 1] = Text.utf8(entry.id(), "id");
        }
        return new Packed(changedNumbers, changedTexts);
    }
}
