"""Scripts: who asks at the doors under ``/api/``, known by a token with a scope, or by the session of an open page."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer

from pipeline.domain.people import Person
from pipeline.store.tokens import Scope, person_of_token, use_token, was_used_lately
from pipeline.web.origin import READING
from pipeline.web.services import Served, Services
from pipeline.web.sessions import SignInNeededError, reader_of, sender_of

TOKEN: Final = HTTPBearer(
    scheme_name="token",
    bearerFormat="plotwatch_…",
    description="A token of `plotwatch token add`, good for the scopes that it was made with.",
    auto_error=False,
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(TOKEN)]
PASSWORD: Final = HTTPBasic(
    scheme_name="token as password",
    realm="plotwatch",
    description="The same token as the password, under any name, as QGIS and GDAL send it. People's own do not work.",
    auto_error=False,
)
Basic = Annotated[HTTPBasicCredentials | None, Depends(PASSWORD)]


def caller(scope: Scope) -> Callable[..., Awaitable[Person]]:
    """What finds out who calls a door that asks for ``scope``.

    A token needs that scope. A session has all that its person may do, and proves itself for changes as a form does.
    """

    async def find(request: Request, services: Served, bearer: Bearer) -> Person:
        return await _find(request, services, bearer.credentials if bearer else None, scope)

    return find


async def geographer(request: Request, services: Served, bearer: Bearer, basic: Basic) -> Person:
    """Who reads from geographic software: as ``caller``, or with the token as a password."""
    token = bearer.credentials if bearer else basic.password if basic else None
    return await _find(request, services, token, Scope.READ)


async def _find(request: Request, services: Services, token: str | None, scope: Scope) -> Person:
    if token is not None:
        return await run_in_threadpool(_of_token, token, scope, services)
    reader = await run_in_threadpool(reader_of, request, services)
    return reader.person if request.method in READING else (await sender_of(request, reader)).person


def _of_token(token: str, scope: Scope, services: Services) -> Person:
    """Whose token this is.

    Raises:
        SignInNeededError: It is none of ours, ran out, or has not this scope; which of these is not said.
    """
    now = services.now()
    with services.database.snapshot() as connection:
        person = person_of_token(connection, token, scope, now=now)
        noted = was_used_lately(connection, token, now=now)
    if person is None:
        raise SignInNeededError(f"the token is not valid for {scope.value}")
    if not noted:
        with services.database.transaction() as connection:
            use_token(connection, token, now=now)
    return person


Looker = Annotated[Person, Depends(caller(Scope.READ))]
"""For doors that read flights."""
Uploader = Annotated[Person, Depends(caller(Scope.UPLOAD))]
"""For doors that bring flights."""
Geographer = Annotated[Person, Depends(geographer)]
"""For doors that geographic software reads."""
