"""SASL with a real server: who knows the password has the lock, and nobody else."""

import pytest

import leasehold
from conftest import Servers, real_server

JAAS = """
Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_shop="s3cret"
  user_other="0ther";
};
"""
PROVIDER = "authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"


@pytest.fixture(scope="module")
def sasl(tmp_path_factory):
    jaas = tmp_path_factory.mktemp("sasl") / "jaas"
    jaas.write_text(JAAS)
    with real_server(
        config=[PROVIDER], jvm=[f"-Djava.security.auth.login.config={jaas}"]
    ) as hosts:
        servers = Servers(hosts)
        yield servers
        servers.close()


@pytest.fixture
def connect_as(sasl, tmp_path):
    def connect(user, password):
        file = tmp_path / user
        file.write_text(password + "\n")
        try:
            return sasl.connect(
                sasl_mechanism="digest_md5", sasl_user=user, sasl_password_file=str(file)
            )
        except leasehold.AuthFailed as missing:
            if "install it" in str(missing):
                pytest.skip(str(missing))
            raise

    return connect


def test_the_right_password_locks_and_shuts_all_others_out(sasl, connect_as, path):
    ours = connect_as("shop", "s3cret")
    with ours.lock(path, wait=10) as held:
        assert held.valid
        with pytest.raises(leasehold.WaitExpired):
            connect_as("shop", "s3cret").lock(path, wait=0.1).acquire()
        for stranger in (connect_as("other", "0ther"), sasl.connect()):
            with pytest.raises(leasehold.NotPermitted):
                stranger.lock(path, wait=10).acquire()
    with connect_as("shop", "s3cret").lock(path, wait=10):
        pass


def test_a_wrong_password_gets_nothing(connect_as, path):
    client = connect_as("shop", "guess")
    with pytest.raises(leasehold.AuthFailed, match="refuses our SASL credentials") as caught:
        client.lock(path, wait=10).acquire()
    assert "guess" not in str(caught.value)
