"""The checkers of a chaos run find what is wrong in histories that were made wrong, and nothing in good
ones."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import checkers  # noqa: E402

PATH = "/chaos/one"
SESSION_S = 6.0


def name(number, kind="lock"):
    return f"0123456789abcdef-{kind}-{number:010}"


def grant(t, client, token, number=None, deadline=None, is_valid=True, **more):
    return {
        "kind": "grant", "t": t, "client": client, "pid": ord(client[0]), "path": PATH,
        "token": token, "node": "" if number is None else f"{PATH}/{name(number)}",
        "deadline": t + 1.5 if deadline is None else deadline, "is_valid": is_valid, **more,
    }  # fmt: skip


def end(t, client, token, valid_until=None, **more):
    return {
        "kind": "end", "t": t, "client": client, "pid": ord(client[0]), "path": PATH,
        "token": token, "valid_until": t if valid_until is None else valid_until,
        **{"is_valid": True, **more},
    }  # fmt: skip


def overlaps_in(*lines):
    return checkers.overlaps(checkers.holds_in(lines))


class Overlaps(unittest.TestCase):
    def test_one_after_the_other_is_good(self):
        self.assertEqual(
            overlaps_in(grant(1, "a", 64), end(2, "a", 64), grant(2, "b", 128), end(3, "b", 128)),
            [],
        )

    def test_two_at_once(self):
        found = overlaps_in(
            grant(1, "a", 64), grant(1.9, "b", 128), end(2, "a", 64), end(3, "b", 128)
        )
        self.assertEqual(len(found), 1)
        self.assertEqual([hold.client for hold in found[0]], ["a", "b"])

    def test_a_long_hold_and_several_short_ones(self):
        lines = [grant(1, "a", 64), end(9, "a", 64)]
        for number in range(3):
            lines += [grant(2 + number, "b", 128 + number), end(2.5 + number, "b", 128 + number)]
        self.assertEqual(len(overlaps_in(*lines)), 3)

    def test_of_different_paths_is_good(self):
        other = grant(1.5, "b", 128) | {"path": "/chaos/two"}
        self.assertEqual(overlaps_in(grant(1, "a", 64), end(2, "a", 64), other), [])

    def test_holder_that_ran_on_after_its_lease_ended_is_no_holder(self):
        late = end(3, "a", 64, valid_until=1.9, is_valid=False)
        self.assertEqual(
            overlaps_in(
                grant(1, "a", 64, deadline=2), grant(2, "b", 128), end(2.1, "b", 128), late
            ),
            [],
        )

    def test_holder_that_could_not_ask_until_its_deadline_counts_until_then(self):
        late = end(3, "a", 64, valid_until=1.1, is_valid=False)
        found = overlaps_in(
            grant(1, "a", 64, deadline=2), grant(1.9, "b", 128), end(2.1, "b", 128), late
        )
        self.assertEqual(len(found), 1)

    def test_hold_without_an_end_counts_to_its_deadline_once_all_is_over(self):
        lines = [grant(1, "a", 64), grant(2.4, "b", 128), end(3, "b", 128)]
        self.assertEqual(overlaps_in(*lines), [])
        self.assertEqual(len(overlaps_in(*lines, {"kind": "over", "t": 9})), 1)

    def test_grant_that_was_over_when_it_was_looked_at_is_none(self):
        late = grant(5, "a", 64, is_valid=False)
        self.assertEqual(overlaps_in(grant(4, "b", 128), end(6, "b", 128), late), [])

    def test_killed_holder_counts_until_it_was_killed_or_its_deadline(self):
        killed = {"kind": "killed", "t": 1.8, "client": "a", "pid": ord("a")}
        self.assertEqual(len(overlaps_in(grant(1, "a", 64), grant(1.7, "b", 128), killed)), 1)
        self.assertEqual(len(overlaps_in(grant(1, "a", 64), grant(1.9, "b", 128), killed)), 0)
        late = killed | {"t": 9}
        self.assertEqual(len(overlaps_in(grant(1, "a", 64), grant(2.6, "b", 128), late)), 0)


    def test_command_that_the_tool_ended_held_until_its_last_sign_of_life(self):
        sign = operation("write", 64, [0, 0]) | {"t": 1.2, "client": "tool"}
        ended = {"kind": "refused", "t": 1.5, "client": "tool", "path": PATH, "code": 125}
        first = grant(1, "tool", 64)
        self.assertEqual(overlaps_in(first, sign, grant(1.4, "b", 128), ended), [])
        self.assertEqual(len(overlaps_in(first, sign, grant(1.1, "b", 128), ended)), 1)

    def test_holder_that_was_told_to_stop_stopped(self):
        early = end(1.5, "tool", 64, valid_until=1.3, is_valid=False, is_stopped=True)
        lines = [grant(1, "tool", 64), early, grant(1.4, "b", 128), end(2, "b", 128)]
        self.assertEqual(overlaps_in(*lines), [])


class Order(unittest.TestCase):
    def test_rising_tokens_are_good(self):
        holds = checkers.holds_in([grant(1, "a", 64), grant(2, "a", 65), grant(3, "b", 128)])
        self.assertEqual(checkers.tokens_out_of_order(holds), [])

    def test_token_that_falls_or_stays(self):
        for second in (64, 63):
            holds = checkers.holds_in([grant(1, "a", 64), grant(2, "b", second)])
            self.assertEqual(len(checkers.tokens_out_of_order(holds)), 1)

    def test_overtaking(self):
        good = checkers.holds_in([grant(1, "a", 64, 7), grant(2, "a", 65, 7), grant(3, "b", 66, 8)])
        self.assertEqual(checkers.overtakings(good), [])
        bad = checkers.holds_in([grant(1, "a", 128, 8), grant(2, "b", 64, 7)])
        self.assertEqual(len(checkers.overtakings(bad)), 1)

    def test_grants_of_the_tool_which_names_no_node_do_not_hide_an_overtaking(self):
        bad = checkers.holds_in([grant(1, "a", 64, 8), grant(2, "t", 65), grant(3, "b", 66, 7)])
        self.assertEqual(len(checkers.overtakings(bad)), 1)


def operation(op, token, based_on=None, is_stale=False):
    line = {"kind": "register", "op": op, "path": PATH, "token": token, "is_stale": is_stale}
    return line | ({"based_on": based_on} if based_on else {})


class Registers(unittest.TestCase):
    def test_each_from_the_one_before(self):
        lines = [
            operation("read", 64), operation("write", 64, [0, 0]),
            operation("read", 128), operation("write", 128, [1, 1]),
        ]  # fmt: skip
        self.assertEqual(checkers.lost_updates(lines, is_fenced=True), [])
        self.assertEqual(checkers.lost_updates(lines, is_fenced=False), [])
        self.assertEqual(checkers.wrongly_accepted(lines), [])

    def test_update_that_is_overwritten(self):
        lines = [operation("write", 64, [0, 0]), operation("write", 128, [0, 0])]
        self.assertEqual(len(checkers.lost_updates(lines, is_fenced=True)), 1)
        self.assertEqual(len(checkers.lost_updates(lines, is_fenced=False)), 1)

    def test_refused_write_is_lost_only_without_the_fence(self):
        lines = [
            operation("read", 64), operation("read", 128), operation("write", 128, [0, 0]),
            operation("write", 64, [0, 0], is_stale=True), operation("write", 192, [1, 2]),
        ]  # fmt: skip
        self.assertEqual(checkers.lost_updates(lines, is_fenced=True), [])
        self.assertEqual(len(checkers.lost_updates(lines, is_fenced=False)), 1)

    def test_older_token_that_was_let_in(self):
        lines = [operation("read", 128), operation("write", 64, [0, 0])]
        self.assertEqual(len(checkers.wrongly_accepted(lines)), 1)


def queue(t, *names):
    return {"kind": "queue", "t": t, "path": PATH, "names": list(names)}


def fault(began, served):
    told = {"kind": "full disk", "began": began, "served": served}
    return {"kind": "fault", "t": began, "fault": told}


def node(number, owner="worker-1"):
    record = f"\n\x08{owner}\x12"
    return {"kind": "node", "t": 0, "name": name(number), "czxid": number, "record": record}


class WakeUps(unittest.TestCase):
    def of(self, *lines):
        return checkers.wake_ups(lines, SESSION_S)

    def test_wait_is_counted_from_the_predecessors_end(self):
        (first, second) = self.of(
            queue(1, name(1), name(2)), grant(1, "worker-1", 64, 1),
            queue(2, name(2)), grant(2.25, "worker-2", 128, 2), queue(3),
        )  # fmt: skip
        self.assertEqual((first.seconds, second.seconds), (0, 0.25))
        self.assertEqual(second.after, "nothing")

    def test_what_a_holder_needs_to_tell_of_its_grant_is_no_wait(self):
        (first,) = self.of(queue(1, name(1)), grant(1.5, "tool", 64, 1, had=1.25), queue(2))
        self.assertEqual(first.seconds, 0.25)

    def test_faults_and_pauses_are_taken_off(self):
        (healed,) = self.of(
            queue(1, name(1)), fault(0, 4), grant(4.5, "worker-1", 64, 1), queue(5)
        )
        self.assertEqual((healed.seconds, healed.after, healed.fault), (0.5, "heal", "full disk"))
        (resumed,) = self.of(
            queue(1, name(1)),
            {"kind": "paused", "t": 0.5, "client": "worker-1"},
            {"kind": "resumed", "t": 3, "client": "worker-1"},
            grant(3.25, "worker-1", 64, 1),
            queue(5),
        )
        self.assertEqual((resumed.seconds, resumed.after), (0.25, "pause"))

    def test_first_that_is_never_granted_is_a_lost_wake_up(self):
        found = self.of(queue(1, name(1)), node(1), queue(20), {"kind": "over", "t": 30})
        self.assertEqual(len(checkers.lost_wake_ups(found)), 1)
        self.assertFalse(found[0].is_granted)

    def test_first_that_still_stands_at_the_end_is_a_lost_wake_up(self):
        found = self.of(queue(1, name(1)), node(1), {"kind": "over", "t": 30})
        self.assertEqual(len(checkers.lost_wake_ups(found)), 1)

    def test_first_whose_process_was_killed_is_none(self):
        killed = {"kind": "killed", "t": 3, "client": "worker-1", "pid": 1}
        found = self.of(queue(1, name(1)), node(1), killed, queue(9), {"kind": "over", "t": 30})
        self.assertEqual(found, [])

    def test_kazoos_nodes_are_not_ours_to_wake(self):
        found = self.of(queue(1, name(1, "_lock__").replace("-", "_")), queue(20))
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
