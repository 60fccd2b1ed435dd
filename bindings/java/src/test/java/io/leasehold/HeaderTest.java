package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Enumerations that cross to C by their number have the header's order, and all of its values. */
class HeaderTest {
    private static void assertSame(String type, String prefix, Enum<?>[] values) throws Exception {
        Map<String, Integer> expected = Header.values(type);
        List<String> names = new ArrayList<>();
        for (Enum<?> value : values) {
            names.add(prefix + value.name());
            assertEquals(value.ordinal(), expected.get(prefix + value.name()), value.name());
        }
        assertEquals(List.copyOf(expected.keySet()), names);
    }

    @Test
    void enumerationsAreThoseOfTheHeader() throws Exception {
        assertSame("lh_lock_kind", "", LockKind.values());
        assertSame("lh_naming", "NAMING_", Naming.values());
        assertSame("lh_on_budget", "", OnBudget.values());
        assertSame("lh_loss", "LOSS_", Loss.values());
        assertSame("lh_state", "STATE_", ClientState.values());
    }

    @Test
    void versionIsTold() {
        assertTrue(Client.version().matches("\\d+\\.\\d+\\.\\d+"), Client.version());
    }
}
