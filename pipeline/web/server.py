"""Server: the application behind a socket. uvicorn speaks HTTP; TLS is for a server in front of it."""

import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from pipeline.errors import ConflictError
from pipeline.settings import WebSettings

GRACE_S: Final = 10
"""How long requests in flight may go on when the server is told to stop."""
QUEUE: Final = 2048


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server of ``app`` that says nothing of itself and trusts forwarded addresses from this machine only."""
    config = uvicorn.Config(
        app,
        access_log=False,  # the journal writes requests, without addresses
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )
    return uvicorn.Server(config)


def listen(settings: WebSettings) -> socket.socket:
    """A socket that listens where ``settings`` say; port 0 takes any that is free.

    Raises:
        ConflictError: Something else listens there, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(QUEUE)
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        raise ConflictError(f"{where} cannot be listened on ({error.strerror}); choose another --port") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The address that a browser on this machine opens."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 compared
    return f"http://{reachable}:{port}"
