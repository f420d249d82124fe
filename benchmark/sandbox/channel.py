"""The child's end of the channel to the harness."""

import os
import select
import socket
import threading

from benchmark.sandbox.wire import Message, Reader, to_bytes

_PIECE = 1 << 20


class Channel:
    """Messages over a socket, one at a time."""

    def __init__(self, socket_number: int, max_bytes: int) -> None:
        self._socket = socket.socket(fileno=socket_number)
        self._socket.setblocking(True)
        self._reader = Reader(max_bytes)
        threading.Thread(target=_end_with_the_harness, args=(socket_number,), daemon=True).start()

    def send(self, message: Message) -> None:
        """Send a message."""
        self._socket.sendall(to_bytes(message))

    def receive(self) -> Message | None:
        """Wait for a message; None when the harness has hung up."""
        while True:
            piece = self._socket.recv(_PIECE)
            if not piece:
                return None
            if (message := self._reader.feed(piece)) is not None:
                return message


def _end_with_the_harness(socket_number: int) -> None:
    """End this process when the harness has ended, whatever the model is doing."""
    waiter = select.poll()
    waiter.register(socket_number, select.POLLHUP | getattr(select, "POLLRDHUP", 0))
    waiter.poll()
    os._exit(0)
