"""Bad lines between a client and a server of this machine."""

import contextlib
import random
import socket
import threading


class CuttingProxy:
    """Passes bytes between clients and the server at ``port``; cuts each line after a random number of them."""

    def __init__(self, port: int, *, seed: int, most_bytes: int = 900_000) -> None:
        self._server = port
        self._random = random.Random(seed)
        self._most_bytes = most_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._open = True
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._open = False
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while self._open:
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                life = self._random.randrange(1_000, self._most_bytes)
                self._threads.append(threading.Thread(target=self._serve, args=(client, life)))
                self._threads[-1].start()

    def _serve(self, client: socket.socket, life: int) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._server)) as server:
            back = threading.Thread(target=self._pass, args=(server, client, 2**60))
            back.start()
            self._pass(client, server, life)
            back.join()

    def _pass(self, source: socket.socket, target: socket.socket, life: int) -> None:
        with contextlib.suppress(OSError):
            source.settimeout(5)
            while life > 0 and (content := source.recv(min(life, 65_536))):
                target.sendall(content)
                life -= len(content)
            self.cuts += life <= 0
        for line in (source, target):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
