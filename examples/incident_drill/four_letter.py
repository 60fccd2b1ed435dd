"""ZooKeeper's four-letter words, on which its operators rely: what the server says of itself."""

import socket


def ask(port, word, timeout=0.3):
    """A four-letter word's answer; empty while the server does not answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(word.encode())
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts).decode(errors="replace")
    except OSError:
        return ""
