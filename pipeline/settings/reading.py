"""Reading: text of TOML or JSON becomes a checked dataclass, or one sentence that says what is wrong with it."""

import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipeline.errors import InvalidInputError, NotFoundError

Parsed = TypeVar("Parsed")
STRICT: Final = ConfigDict(extra="forbid")
"""For every dataclass that is read from a file: a key nobody knows is a mistake, not a wish."""


def read_toml(kind: type[Parsed], path: Path) -> Parsed:
    """The TOML file at ``path`` as a ``kind``.

    Raises:
        InvalidInputError: The file is no TOML, has an unknown key or a value of the wrong kind.
        NotFoundError: There is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path.name} cannot be read as text") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(f"{path.name} is not TOML: {error}") from error
    return parse(kind, content, where=path.name)


def parse(kind: type[Parsed], content: Any, *, where: str) -> Parsed:
    """``content`` (what TOML or JSON gave) checked and turned into a ``kind``; ``where`` names it in errors.

    Raises:
        InvalidInputError: A key is unknown or missing, or a value is of the wrong kind; the first such is named.
    """
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InvalidInputError(f"{where}: {key}: {first['msg']}{more}") from error
