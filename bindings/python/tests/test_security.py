"""TLS, credentials and SASL reach the library by the same names as its own options."""

import time

import pytest

import leasehold


def put(directory, text):
    file = directory / "file"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("name", ["ca_file", "ca_directory", "certificate_file"])
def test_a_file_that_is_not_there_is_said_at_once(servers, tmp_path, name):
    with pytest.raises(leasehold.TlsFailed, match=f"tls.{name} .*/nowhere: No such file"):
        servers.connect(**{f"tls_{name}": str(tmp_path / "nowhere")})


@pytest.mark.parametrize(
    "options", [{"tls": True}, {"tls_server_name": "zk1"}, {"tls_min_version": "1.3"}]
)
def test_a_server_without_tls_is_no_server(servers, path, options):
    client = servers.connect(**options)
    with pytest.raises(leasehold.TlsFailed, match="TLS"):
        client.lock(path, wait=0.3).acquire()


def test_waiting_for_a_connection_goes_on_to_its_end_and_says_why(servers):
    client = servers.connect(tls=True)
    begin = time.monotonic()
    with pytest.raises(leasehold.TlsFailed, match="TLS"):
        client.wait_connected(0.5)
    assert time.monotonic() - begin >= 0.5, "a certificate may be mended meanwhile"


@pytest.mark.parametrize(
    "options",
    [
        {"tls_key_file": "x"},
        {"tls_passphrase_file": "x"},
        {"tls_passphrase_env": "x"},
        {"tls_min_version": "1.1"},
        {"auth_env": "LEASEHOLD_NO_SUCH_VARIABLE"},
        {"sasl_mechanism": "plain"},
        {"sasl_mechanism": "digest_md5"},
        {"sasl_mechanism": "gssapi", "sasl_user": "x"},
        {"sasl_user": "x"},
        {"sasl_realm": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(servers, options):
    with pytest.raises(leasehold.InvalidArgument):
        servers.connect(**options)


def test_a_server_without_sasl_gets_nothing(servers, path, tmp_path):
    password = put(tmp_path, "s3cret\n")
    client = servers.connect(
        sasl_mechanism="digest_md5", sasl_user="shop", sasl_password_file=password
    )
    with pytest.raises(leasehold.AuthFailed, match="SASL") as caught:
        client.lock(path, wait=1).acquire()
    assert "s3cret" not in str(caught.value)
    with pytest.raises(leasehold.AuthFailed):
        client.wait_connected(0.1)


def test_a_password_that_is_not_there_is_said_at_once(servers):
    with pytest.raises(leasehold.AuthFailed, match="LEASEHOLD_NO_SUCH_VARIABLE"):
        servers.connect(
            sasl_mechanism="digest_md5",
            sasl_user="shop",
            sasl_password_env="LEASEHOLD_NO_SUCH_VARIABLE",
        )


def test_credentials_of_a_file_keep_others_out(servers, path, tmp_path):
    ours = servers.connect(auth_file=put(tmp_path, "digest shop:s3cret\n"))
    with ours.lock(path):
        with pytest.raises(leasehold.NotPermitted):
            servers.connect().lock(path, wait=1).acquire()


def test_credentials_that_are_none_are_not_quoted(servers, tmp_path):
    with pytest.raises(leasehold.InvalidArgument) as caught:
        servers.connect(auth_file=put(tmp_path, "s3cret\n"))
    assert "s3cret" not in str(caught.value)
