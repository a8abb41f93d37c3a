"""The error tree: four families, one table to exit codes.

A message names what was given and what would do. An unknown error is never shown to a user as text.
"""

from typing import Final


class PlotwatchError(Exception):
    """Something Plotwatch can explain went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class InvalidInputError(PlotwatchError):
    """What was given cannot be used."""


class NotAllowedError(PlotwatchError):
    """The rules of the survey forbid this."""


class NotFoundError(PlotwatchError):
    """What was asked for is not there."""


class ConflictError(PlotwatchError):
    """Something else is already being done with this."""


class NoRoomError(InvalidInputError):
    """There is no room left on the disk; free some, and the work goes on."""


class StoppedError(ConflictError):
    """The work was stopped before its end; what is finished is kept, and it can go on from there."""


class UnavailableError(ConflictError):
    """Something that is needed cannot be used just now; the same may work later."""


EXIT_CODES: Final[dict[type[PlotwatchError], int]] = {
    InvalidInputError: 2,
    NotFoundError: 2,
    NotAllowedError: 3,
    ConflictError: 4,
}
"""One table from families to exit codes of the command line; an error outside it exits with 1."""


def exit_code(error: PlotwatchError) -> int:
    """The exit code of the family that ``error`` belongs to, 1 where it belongs to none."""
    return next((code for family, code in EXIT_CODES.items() if isinstance(error, family)), 1)
