"""A load balancer over TCP, as HAProxy in mode tcp is: connections go round robin to the servers that accept them."""

import itertools
import socket
import socketserver
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Balancer:
    """Serves while its `with` block lasts, in front of `addresses` (base URLs on this machine)."""

    def __init__(self, addresses: Sequence[str]) -> None:
        ports = [int(urlsplit(address).port or 80) for address in addresses]
        turns = itertools.cycle(ports)

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                for _ in ports:
                    try:
                        behind = socket.create_connection(("127.0.0.1", next(turns)), timeout=60)
                    except OSError:
                        continue
                    with behind:
                        back = threading.Thread(target=_copy, args=(behind, self.request), daemon=True)
                        back.start()
                        _copy(self.request, behind)
                        back.join(timeout=10)
                    return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)


def _copy(source: socket.socket, to: socket.socket) -> None:
    """Until one side closes; then the other is closed too, so that nobody waits for an answer that cannot come."""
    try:
        while data := source.recv(65536):
            to.sendall(data)
    except OSError:
        pass
    for end in (source, to):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
