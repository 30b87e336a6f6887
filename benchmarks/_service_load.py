"""A load of equal requests over kept connections, in a process of its own: prints what it saw as JSON.

    python benchmarks/_service_load.py PORT PATH BODY_FILE CONNECTIONS SECONDS

A closed loop: each connection asks again once it was answered. One thread, requests made beforehand, some 20 µs of
processor time each: no peer here is quicker than it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_SECONDS = 60
_LENGTH = b"content-length:"


@dataclass
class Connection:
    """One connection with one request on its way."""

    socket: socket.socket
    request: bytes
    asked: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def ask(self) -> None:
        self.received.clear()
        self.asked = time.perf_counter()
        self.socket.sendall(self.request)

    def answered(self) -> bool:
        """Take what came, and return whether the answer is complete."""
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise SystemExit("the server hung up")
        self.received += chunk
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        length = int(head.lower().partition(_LENGTH)[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{head.decode()}\n{body.decode()[:500]}")
        return True


def load(port: int, path: str, body: bytes, connections: int, seconds: float) -> dict[str, object]:
    """Return requests answered, the seconds they took, and each one's latency in ms."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        opened = []
        for _ in range(connections):
            one = socket.create_connection(("127.0.0.1", port), timeout=LONGEST_SECONDS)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.append(Connection(one, request))
            selector.register(one, selectors.EVENT_READ, opened[-1])
        began = time.perf_counter()
        for connection in opened:
            connection.ask()
        waiting, last = len(opened), began
        while waiting:
            for key, _ in selector.select():
                connection = key.data
                if connection.answered():
                    last = time.perf_counter()
                    latencies.append(1_000 * (last - connection.asked))
                    if last - began < seconds:
                        connection.ask()
                    else:
                        waiting -= 1
        for connection in opened:
            connection.socket.close()
    return {"requests": len(latencies), "seconds": last - began, "latencies": latencies}


if __name__ == "__main__":
    port, path, file, connections, seconds = sys.argv[1:]
    print(json.dumps(load(int(port), path, Path(file).read_bytes(), int(connections), float(seconds))))
