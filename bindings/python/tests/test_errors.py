"""Every code of the C interface has a class, and every class what a person needs."""

import pickle

import pytest

import leasehold
from leasehold import _errors
from leasehold._leasehold import ffi, lib

CODES = {name: code for code, name in ffi.typeof("lh_code").elements.items()}


def test_the_header_has_codes():
    assert CODES["LH_OK"] == 0
    assert len(CODES) > 25


@pytest.mark.parametrize("name", sorted(set(CODES) - {"LH_OK"}))
def test_each_code_has_a_class_of_its_own(name):
    kind = _errors.class_of(CODES[name])
    assert issubclass(kind, leasehold.Error)
    assert kind not in (leasehold.Error, leasehold.ZooKeeperError)
    assert kind.__name__ in leasehold.__all__
    others = [_errors.class_of(code) for other, code in CODES.items() if other not in (name, "LH_OK")]
    assert kind not in others
    assert kind("text").code == CODES[name]
    assert kind("text").name == name[len("LH_") :].lower()
    assert kind.__doc__


def test_the_servers_own_numbers_are_zookeeper_errors():
    assert _errors.class_of(-101) is leasehold.ZooKeeperError
    assert leasehold.ZooKeeperError("text", code=-101).name.endswith("no_node")


def test_a_code_of_a_later_version_is_an_error():
    assert _errors.class_of(999) is leasehold.Error


def test_errors_are_what_python_expects():
    assert issubclass(leasehold.InvalidArgument, ValueError)
    assert issubclass(leasehold.WaitExpired, TimeoutError)
    assert issubclass(leasehold.TimedOut, TimeoutError)
    assert issubclass(leasehold.OutOfMemory, MemoryError)


@pytest.mark.parametrize("kind", [leasehold.WaitExpired, leasehold.ZooKeeperError])
def test_errors_survive_a_pickle(kind):
    error = kind("one line", code=3, path="/p", holder="anna", position=2, time_left=0.5)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == "one line"
    assert vars(again) == vars(error)


def test_all_strings_of_an_error_come_out(leasehold_server):
    with leasehold_server.connect() as one, leasehold_server.connect() as two:
        with one.lock("/p"):
            with pytest.raises(leasehold.WaitExpired) as caught:
                two.lock("/p", wait=0.1, refuse_hopeless=False).acquire()
    assert "/p" in str(caught.value)
    assert caught.value.code == lib.LH_WAIT_EXPIRED
    assert caught.value.holder_node
