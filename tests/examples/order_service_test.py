#!/usr/bin/env python3
"""The order service from outside: real binaries, a real ZooKeeper, a real PostgreSQL.

    order_service_test.py ORDER_SERVICE PAYMENT_GATEWAY [TEST...]
"""

import os
import re
import signal
import sys
import tempfile
import time
import unittest

import world
from world import wait_until

SLACK_S = 3  # a busy machine; every limit that is measured is far from the next one
SERVICE, GATEWAY = sys.argv[1:3] if len(sys.argv) > 2 else ("", "")


class OrderService(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.zookeeper = world.ZooKeeper()
        cls.addClassCleanup(cls.zookeeper.close)
        cls.database = world.pg.Postgres()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start()
        cls.numbers = iter(range(1, 1_000_000))

    def setUp(self):
        self.gateway = world.Program(GATEWAY, "--port", "0")
        self.addCleanup(self.gateway.close)
        self.service = self.start()
        wait_until(lambda: self.service.ask("GET", "/readyz")[0] == 200, "the service is ready")

    def start(self, *flags, zookeeper=None, database=None, env=None):
        command = [SERVICE, "--port", "0", "--gateway", f"127.0.0.1:{self.gateway.port}"]
        command += ["--zookeeper", (zookeeper or self.zookeeper).connect, "--standalone", "true"]
        command += ["--database", (database or self.database).connection_string]
        command += ["--tick", str(world.TICK_MS), "--session-timeout", "4000"]
        command += ["--max-budget", "3000", "--default-budget", "1500", "--database-timeout", "1000"]
        service = world.Program(*command, *flags, env=env)
        self.addCleanup(service.close)
        return service

    def order(self, service=None):
        """A new one, of 1999 cents."""
        name = f"o{os.getpid()}-{next(self.numbers)}"
        status, answer, _ = (service or self.service).ask(
            "PUT", f"/orders/{name}", {"amount_cents": 1999}
        )
        self.assertEqual((201, "open"), (status, answer["state"]))
        return name

    def pay(self, name, service=None, **more):
        body = {"amount_cents": 1999, **more}
        return (service or self.service).ask("POST", f"/orders/{name}/pay", body)

    def behave(self, behave, times=1):
        """times: None is for all charges from now on"""
        wanted = {"behave": behave} if times is None else {"behave": behave, "times": times}
        status, answer, _ = self.gateway.ask("PUT", "/behaviour", wanted)
        self.assertEqual(200, status, answer)

    def charges(self, name):
        """(how often the gateway was asked, how often it charged)"""
        answer = self.gateway.ask("GET", f"/charges/order-{name}")[1]
        return answer["asked"], answer["charged"]

    def state(self, name):
        return self.service.ask("GET", f"/orders/{name}")[1]["state"]

    def assert_paid(self, name, answer):
        status, body, _ = answer
        self.assertEqual((200, "paid"), (status, body.get("state")), body)
        self.assertEqual("paid", self.state(name))
        self.assertEqual(1, self.charges(name)[1])

    # --- the way it should go ---

    def test_an_order_is_created_and_paid_once(self):
        name = self.order()
        self.assert_paid(name, self.pay(name))
        again = self.pay(name)
        self.assert_paid(name, again)
        self.assertEqual((1, 1), self.charges(name))
        self.assertTrue(again[1]["receipt"])
        fence = int(self.database.execute(f"select fence from orders where id = '{name}'"))
        self.assertGreater(fence, 1)

    def test_a_payment_need_not_say_what_it_costs(self):
        name = self.order()
        self.assert_paid(name, self.service.ask("POST", f"/orders/{name}/pay", {}))

    def test_creating_twice_changes_nothing_and_another_amount_is_refused(self):
        name = self.order()
        self.assertEqual(200, self.service.ask("PUT", f"/orders/{name}", {"amount_cents": 1999})[0])
        self.assertEqual(409, self.service.ask("PUT", f"/orders/{name}", {"amount_cents": 1})[0])

    def test_two_payments_of_one_order_at_once_are_one_charge(self):
        name = self.order()
        other = self.start()
        self.behave("delay=1")
        first = world.Asking(self.service, "POST", f"/orders/{name}/pay", {"amount_cents": 1999})
        wait_until(lambda: self.charges(name)[0] == 1, "the gateway is asked")
        status, refused, headers = self.pay(name, service=other, wait_ms=100)
        self.assertEqual((409, "being_paid"), (status, refused["error"]), refused)
        self.assertIn("order_service on ", refused["holder"])
        self.assertEqual(1, refused["position"])
        self.assertIn(f"pid {self.service.process.pid}", refused["holder"])
        self.assertGreater(refused["held_for_s"], 0)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        second = self.pay(name, service=other, wait_ms=4000)
        self.assert_paid(name, first.result())
        self.assert_paid(name, second)
        self.assertEqual((1, 1), self.charges(name))

    # --- what callers get wrong ---

    def test_an_order_that_does_not_exist(self):
        self.assertEqual(404, self.service.ask("GET", "/orders/nobody")[0])
        self.assertEqual(404, self.pay("nobody")[0])

    def test_malformed_bodies(self):
        name = self.order()
        for body in ("", "{", "[]", "null", "\xff", '{"amount_cents": "1999"}', "[" * 10000):
            with self.subTest(body[:20]):
                status, answer, _ = self.service.ask("POST", f"/orders/{name}/pay", body.encode())
                self.assertEqual((400, "body"), (status, answer["error"]))
        self.assertEqual(400, self.pay(name, amount_cents=1)[0])
        for size in (100_000, 8_000_000):  # the latter is not sent yet when it is refused
            answer = self.service.ask("PUT", f"/orders/{name}", "x" * size)
            self.assertEqual((413, "too_large"), (answer[0], answer[1]["error"]))
        self.assertEqual((0, 0), self.charges(name))
        self.assertEqual("open", self.state(name))

    def test_absurd_budgets(self):
        name = self.order()
        for budget in (0, -1, 1, 3001, 10**30, 1.5, "2000", None, [], True):
            with self.subTest(budget):
                status, answer, _ = self.pay(name, budget_ms=budget)
                self.assertEqual((400, "body"), (status, answer["error"]))
                self.assertIn("budget_ms", answer["message"])
        self.assertEqual((0, 0), self.charges(name))

    def test_unknown_routes_and_methods(self):
        for method, target, wanted in (
            ("GET", "/", 404),
            ("GET", "/orders/a/b", 404),
            ("GET", "/orders/..", 400),
            ("POST", "/orders/a", 405),
            ("GET", "/orders/a/pay", 405),
            ("DELETE", "/metrics", 405),
            ("GET", "/orders/" + "x" * 65, 400),
        ):
            with self.subTest(target):
                status, answer, _ = self.service.ask(method, target)
                self.assertEqual(wanted, status)
                self.assertTrue(answer["message"])

    # --- a gateway that goes wrong ---

    def test_a_gateway_that_hangs_costs_the_budget_and_not_the_lock(self):
        for behave, charged in (("hang", 0), ("charge-then-hang", 1)):
            with self.subTest(behave):
                name = self.order()
                self.behave(behave)
                begin = time.monotonic()
                status, answer, _ = self.pay(name, budget_ms=500)
                took = time.monotonic() - begin
                self.assertEqual((504, "budget_exceeded"), (status, answer["error"]), answer)
                self.assertLess(took, 0.5 + SLACK_S)
                self.assertEqual((1, charged), self.charges(name))
                self.assertEqual("charging", self.state(name))
                self.assert_paid(name, self.pay(name, wait_ms=1000))
                self.assertEqual((2, 1), self.charges(name))

    def test_a_gateway_that_says_no(self):
        name = self.order()
        self.behave("fail")
        status, answer, _ = self.pay(name)
        self.assertEqual((402, "declined"), (status, answer["error"]))
        self.assertEqual("declined", self.state(name))
        self.assert_paid(name, self.pay(name))

    def test_a_gateway_that_answers_garbage_or_nothing(self):
        for behave in ("garbage", "flood", "close", "charge-then-close"):
            with self.subTest(behave):
                name = self.order()
                # The client asks once more if an idle connection dies under it.
                self.behave(behave, times=None)
                status, answer, _ = self.pay(name)
                self.assertEqual((502, "bad_gateway"), (status, answer["error"]), answer)
                self.assertEqual("charging", self.state(name))
                self.behave("normal", times=None)
                self.assert_paid(name, self.pay(name))

    def test_a_charge_of_unknown_outcome_is_not_called_failed_afterwards(self):
        name = self.order()
        self.behave("charge-then-close", times=None)
        self.assertEqual(502, self.pay(name)[0])
        self.assertEqual(1, self.charges(name)[1])
        self.gateway.end()
        self.assertEqual(503, self.pay(name)[0])  # certain of this attempt, and only of this one
        self.assertEqual("charging", self.state(name))

    def test_a_gateway_that_is_gone(self):
        name = self.order()
        self.assertTrue(self.service.ask("GET", "/healthz")[1]["ready"])
        self.gateway.end()
        for target, wanted in (("/healthz", 200), ("/readyz", 503)):
            status, answer, _ = self.service.ask("GET", target)
            self.assertEqual((wanted, True, False), (status, answer["live"], answer["ready"]))
            self.assertIn("refused", answer["gateway"])
        status, answer, headers = self.pay(name)
        self.assertEqual((503, "no_gateway"), (status, answer["error"]), answer)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)

    # --- the fence ---

    def test_a_stale_writer_is_refused_by_the_row(self):
        name = self.order()
        self.database.execute(f"update orders set fence = 9000000000000000000 where id = '{name}'")
        status, answer, _ = self.pay(name)
        self.assertEqual((409, "stale_token"), (status, answer["error"]), answer)
        self.assertEqual((0, 0), self.charges(name))
        self.assertEqual("open", self.state(name))

    def test_a_writer_that_gets_stale_while_it_charges_is_refused(self):
        name = self.order()
        self.behave("delay=0.5")
        paying = world.Asking(self.service, "POST", f"/orders/{name}/pay", {"amount_cents": 1999})
        wait_until(lambda: self.charges(name)[0] == 1, "the gateway is asked")
        self.database.execute(f"update orders set fence = 9000000000000000000 where id = '{name}'")
        status, answer, _ = paying.result()
        self.assertEqual((409, "stale_token"), (status, answer["error"]), answer)
        self.assertEqual("charging", self.state(name))

    # --- what it depends on is down ---

    def test_the_database_is_down_at_the_start_and_in_the_middle_and_back(self):
        with world.pg.Postgres() as database:
            database.stop()
            service = self.start(database=database)
            self.assertEqual(200, service.ask("GET", "/healthz")[0])
            status, answer, _ = service.ask("GET", "/readyz")
            self.assertEqual((503, False), (status, answer["ready"]))
            self.assertIn("database", answer["database"])
            status, answer, headers = self.pay("x", service=service)
            self.assertEqual((503, "no_database"), (status, answer["error"]), answer)
            self.assertGreaterEqual(int(headers["Retry-After"]), 1)
            for how in (signal.SIGINT, signal.SIGQUIT):
                database.start()
                wait_until(lambda: service.ask("GET", "/readyz")[0] == 200, "it is ready")
                name = self.order(service)
                self.assertEqual(200, self.pay(name, service=service)[0])
                database.stop(how)
                self.assertEqual(503, self.pay(name, service=service)[0])
            database.start()
            self.assertEqual(200, self.pay(name, service=service)[0])
            self.assertEqual((1, 1), self.charges(name))

    def test_a_database_that_hangs_holds_up_nobody_else(self):
        name = self.order()
        self.database.execute("create table if not exists held (n int)")
        holder = world.subprocess.Popen(
            [world.pg.binary("psql"), "-XAtq", "-d", self.database.connection_string],
            stdin=world.subprocess.PIPE,
            stdout=world.subprocess.PIPE,
            text=True,
        )
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.communicate)
        holder.stdin.write(f"begin; select id from orders where id = '{name}' for update;\n")
        holder.stdin.flush()
        self.assertEqual(name, holder.stdout.readline().strip())
        paying = world.Asking(self.service, "POST", f"/orders/{name}/pay", {"amount_cents": 1999})
        self.assertEqual(200, self.service.ask("GET", "/healthz")[0])
        other = self.order()
        self.assert_paid(other, self.pay(other))
        status, answer, _ = paying.result()
        self.assertEqual((503, "no_database"), (status, answer["error"]), answer)
        self.assertEqual((0, 0), self.charges(name))

    def test_zookeeper_is_down_at_the_start_and_comes_up(self):
        zookeeper = world.ZooKeeper()
        self.addCleanup(zookeeper.close)
        zookeeper.stop()
        service = self.start(zookeeper=zookeeper)
        self.assertEqual(200, service.ask("GET", "/healthz")[0])
        status, answer, _ = service.ask("GET", "/readyz")
        self.assertEqual((503, "connecting"), (status, answer["zookeeper"]))
        name = self.order(service)
        status, answer, headers = self.pay(name, service=service, wait_ms=200)
        self.assertEqual((503, "no_lock_service"), (status, answer["error"]), answer)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        zookeeper.start()
        wait_until(lambda: service.ask("GET", "/readyz")[0] == 200, "it is ready")
        self.assertEqual(200, self.pay(name, service=service)[0])

    # --- the end ---

    def test_a_shutdown_while_a_payment_hangs_leaves_nothing_behind(self):
        service = self.start("--drain", "300")
        name = self.order()
        self.behave("hang")
        paying = world.Asking(
            service, "POST", f"/orders/{name}/pay", {"amount_cents": 1999, "budget_ms": 3000}
        )
        wait_until(lambda: self.charges(name)[0] == 1, "the gateway is asked")
        self.assertEqual(1, len(self.zookeeper.ephemerals(f"/orders/{name}/")))
        begin = time.monotonic()
        self.assertEqual(0, service.end(signal.SIGTERM))
        self.assertLess(time.monotonic() - begin, 0.3 + SLACK_S)
        self.assertEqual([], self.zookeeper.ephemerals(f"/orders/{name}/"))
        status, answer, _ = paying.result()
        self.assertEqual((503, "shutting_down"), (status, answer["error"]), answer)
        self.assertTrue(service.events()[-1]["session_closed"])
        self.assert_paid(name, self.pay(name))

    def test_a_shutdown_lets_a_payment_finish(self):
        service = self.start()
        name = self.order()
        self.behave("delay=0.5")
        paying = world.Asking(service, "POST", f"/orders/{name}/pay", {"amount_cents": 1999})
        wait_until(lambda: self.charges(name)[0] == 1, "the gateway is asked")
        self.assertEqual(0, service.end(signal.SIGINT))
        self.assert_paid(name, paying.result())

    # --- what operators see ---

    def test_metrics_parse_and_count(self):
        name = self.order()
        self.assert_paid(name, self.pay(name))
        status, text, _ = self.service.ask("GET", "/metrics")
        self.assertEqual(200, status)
        values = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                found = re.fullmatch(r"([a-z_]+(?:\{[^}]*\})?) ([-+0-9.e]+|NaN|[+-]?Inf)", line)
                self.assertIsNotNone(found, line)
                values[found.group(1)] = float(found.group(2))
        self.assertEqual(1, values['order_service_payments_total{outcome="paid"}'])
        self.assertEqual(1, values['order_service_http_requests_total{route="pay",status="200"}'])
        self.assertEqual(1, values["order_service_lock_wait_seconds_count"])
        self.assertEqual(1, values["order_service_lock_hold_seconds_count"])
        self.assertEqual(1, values["leasehold_grants_total"])
        self.assertEqual(1, values["leasehold_connected"])

    def test_flags_win_over_the_environment_and_that_over_the_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
            file.write("max-wait=1001\ndefault-wait=100\nmax-queue=7\n")
            file.flush()
            env = {"ORDER_SERVICE_CONFIG": file.name}

            def largest_wait(*flags, **more):
                service = self.start(*flags, env={**env, **more})
                answer = self.pay("x", service=service, wait_ms=10**9)[1]
                return int(re.search(r"to (\d+)$", answer["message"]).group(1))

            self.assertEqual(1001, largest_wait())
            self.assertEqual(1002, largest_wait(ORDER_SERVICE_MAX_WAIT="1002"))
            self.assertEqual(1003, largest_wait("--max-wait", "1003", ORDER_SERVICE_MAX_WAIT="1002"))

    def test_settings_that_make_no_sense_are_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
            file.write("no-such-setting=1\n")
            file.flush()
            for flags in (["--max-budget", "0"], ["--port", "x"], ["--config", file.name]):
                with self.subTest(flags), self.assertRaises(AssertionError):
                    self.start(*flags)

    def test_logs_are_lines_of_json(self):
        name = self.order()
        self.pay(name)
        self.service.end()
        events = self.service.events()
        self.assertIn("serving", [each["event"] for each in events])
        (payment,) = [each for each in events if each["event"] == "payment"]
        self.assertEqual((name, "paid"), (payment["order"], payment["outcome"]))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
