"""ZooKeeper's four-letter words, on which its operators rely: what the server says of itself."""

import socket
import struct


def ask(port, word, timeout=0.3):
    """A four-letter word's answer; empty while the server does not answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.settimeout(timeout)
            # Until it has answered: a server that is stopped, or starts, would keep our connection
            # in CLOSE-WAIT. A reset leaves nothing there.
            set_reset_at_close(connection, True)
            connection.sendall(word.encode())
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            set_reset_at_close(connection, False)
            return b"".join(parts).decode(errors="replace")
    except OSError:
        return ""


def set_reset_at_close(connection, is_on):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", is_on, 0))
