"""Problems: how doors for scripts say what went wrong (RFC 9457), and how the description of them says that."""

from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

GEOGRAPHIC: Final = ("/ogc", "/stac")
"""What the addresses of doors for geographic software begin with, which sends a token as the password of anybody."""
PROGRAMMING_INTERFACE: Final = ("/api/", *GEOGRAPHIC)
"""What the addresses of doors for scripts begin with."""
MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """What went wrong. ``id`` names an entry of the server's log, where nobody foresaw it."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(
        default="", description="A sentence for whoever reads it; left out where it would say too much."
    )
    id: str = ""


def problem(status: int, detail: str, error_id: str) -> JSONResponse:
    """An answer that says so; what is empty is left out."""
    said = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, id=error_id)
    content = {name: value for name, value in said.model_dump().items() if value}
    return JSONResponse(content, status, media_type=MEDIA_TYPE)


def described(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """What the description says of a router whose doors may answer with ``statuses``."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


USUAL: Final = described(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
"""What every door for scripts may answer."""
