"""Settings of what is kept, for how long, and of the work on it."""

from pathlib import Path

from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import InvalidInputError
from pipeline.settings.reading import STRICT


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class UploadLimits:
    """What may be sent to the server, and how long half of it is kept."""

    max_bytes: int = 200 * 1024**3
    """The longest file that is taken."""
    keep_free_bytes: int = 2 * 1024**3
    """An upload that would leave less room on the disk is not begun: working copies and the record need it."""
    keep_hours: float = 168.0
    """An upload of which nothing more has come for so long is removed."""
    idle_seconds: float = 30.0
    """A connection on which nothing comes for so long is closed; what has come is kept."""

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could be uploaded.

        Raises:
            InvalidInputError: A limit is not positive.
        """
        if self.max_bytes < 1 or self.keep_free_bytes < 0 or self.keep_hours <= 0 or self.idle_seconds <= 0:
            raise InvalidInputError("uploads.max_bytes, keep_hours and idle_seconds must be positive")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StoreSettings:
    """Where things are remembered."""

    data_dir: Path = Path("plotwatch-data")
    """Folder of originals, working copies, results, the signing key and, by default, the database."""
    database_url: str = ""
    """Empty: SQLite in ``data_dir``. Else sqlite:///path or postgresql://user@host/name."""

    @property
    def url(self) -> str:
        """The address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'plotwatch.sqlite'}"


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RetentionSettings:
    """How long pictures of land are kept."""

    imagery_days: float = 180.0
    """So long after its arrival the imagery of a flight is kept; longer where a flag is confirmed. 0: for good."""

    def __post_init__(self) -> None:
        """Refuse an end before the beginning.

        Raises:
            InvalidInputError: It is negative.
        """
        if not 0 <= self.imagery_days < 36_525:  # noqa: PLR2004 a hundred years
            raise InvalidInputError("retention.imagery_days must be at least 0 (0: imagery is kept for good)")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class JobSettings:
    """How the machine works on flights."""

    at_once: int = 1
    """Flights that one worker has in hand at a time; a scan uses every core by itself."""
    beat_seconds: float = 2.0
    """How often a worker says that it lives, and looks for work."""
    lost_after_seconds: float = 30.0
    """A worker silent for longer is taken for dead, and others go on with its flights; clocks must agree better."""
    checkpoint_minutes: float = 60.0
    """A worker signs the ledger so long after the last checkpoint, where it has grown; 0: only when it is told to."""

    def __post_init__(self) -> None:
        """Refuse a worker that could never work, or would be taken for dead between two beats.

        Raises:
            InvalidInputError: A number is too small.
        """
        if self.at_once < 1 or self.beat_seconds <= 0 or self.checkpoint_minutes < 0:
            raise InvalidInputError(
                "jobs: at_once is at least 1, beat_seconds positive, checkpoint_minutes not negative"
            )
        if self.lost_after_seconds < 3 * self.beat_seconds:
            raise InvalidInputError("jobs.lost_after_seconds must be at least three times jobs.beat_seconds")
