"""Settings: the only reader of ``configs/`` and of the environment. Read once, passed on in parts.

Every value has a default here, beside its unit and its reason; a TOML file changes what it names. Unknown keys are
errors. ``configs/plotwatch.toml`` shows every key.
"""

import os
import sys
import tomllib
from dataclasses import field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import InvalidInputError, NotFoundError

Parsed = TypeVar("Parsed")

PRECISIONS: Final = ("auto", "fp32", "bf16", "int8")
STRICT = ConfigDict(extra="forbid")
"""For every dataclass that is read from a file: a key nobody knows is a mistake, not a wish."""


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class IntakeLimits:
    """What an upload may cost before it is refused. Defaults fit a 24 GiB field machine."""

    max_pixels: int = 40_000_000_000
    """200,000 x 200,000 px: 16 km2 at 2 cm."""
    max_side_px: int = 400_000
    max_pixels_per_byte: float = 2_000.0
    """A file smaller than this for its pixels is sparse or a bomb; JPEG orthomosaics have 5 to 30."""
    max_block_bytes: int = 512 * 1024**2
    """One decoded block or strip; larger ones cannot be read in bounded memory."""
    memory_bytes: int = 6 * 1024**3
    """Address space of the process that opens uploads."""
    cpu_seconds: int = 6 * 3600
    finest_gsd_m: float = 0.0005
    coarsest_gsd_m: float = 20.0
    jpeg_quality: int = 90


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ScanSettings:
    """How a mosaic is read and scored."""

    window_px: int = 2048
    """Side of a window in model pixels, without halo."""
    shift_cells: int = 0
    """Starts the window grid this many cells early: must change nothing, and a test holds it to that."""
    precision: str = "auto"
    """fp32, bf16, int8, or auto: the fastest that the model's bundle and the processor's hardware allow."""
    read_ahead: int = 2
    """Windows decoded while others are scored; each costs about 20 MB."""
    resample_beyond: float = 1.25
    """A mosaic within this factor of the model's ground sampling distance is read as it is."""
    least_valid_share: float = 0.25
    """A cell with less imagery than this is never called clear."""

    def __post_init__(self) -> None:
        """Refuse values that no scan could follow, before any work is done.

        Raises:
            InvalidInputError: A value is out of its range.
        """
        if self.precision not in PRECISIONS:
            raise InvalidInputError(f"scan.precision {self.precision!r} is not known, use {', '.join(PRECISIONS)}")
        if self.window_px < 1 or self.shift_cells < 0 or self.read_ahead < 0:
            raise InvalidInputError("scan.window_px must be positive, shift_cells and read_ahead not negative")
        if self.resample_beyond < 1 or not 0 <= self.least_valid_share <= 1:
            raise InvalidInputError("scan.resample_beyond must be at least 1, least_valid_share in [0, 1]")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class PlotSettings:
    """How cells become plots."""

    least_area_m2: float = 0.0
    """Smaller candidates are dropped, and counted. 0: one cell is enough to ask."""
    join_within_m: float = 0.0
    """Parts no further apart than this are one plot. 0: only cells that touch."""

    def __post_init__(self) -> None:
        """Refuse negative sizes.

        Raises:
            InvalidInputError: A value is negative.
        """
        if self.least_area_m2 < 0 or self.join_within_m < 0:
            raise InvalidInputError("plots.least_area_m2 and plots.join_within_m must not be negative")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Settings:
    """Everything a scan is told, as one frozen tree."""

    intake: IntakeLimits = field(default_factory=IntakeLimits)
    scan: ScanSettings = field(default_factory=ScanSettings)
    plots: PlotSettings = field(default_factory=PlotSettings)
    model: Path = Path("models/demo-poppy")


def load_settings(path: Path | None = None) -> Settings:
    """The settings in ``path``, else in the file that PLOTWATCH_CONFIG names, else the defaults.

    Raises:
        InvalidInputError: The file is no TOML, has an unknown key or a value of the wrong kind.
        NotFoundError: There is no such file.
    """
    named = os.environ.get("PLOTWATCH_CONFIG")
    chosen = path or (Path(named) if named else None)
    return Settings() if chosen is None else read_toml(Settings, chosen)


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


def silence_calls_home() -> None:
    """Switch off what dependencies send to their makers; call it before they are imported.

    ``import openvino`` reports itself to an analytics service unless its telemetry package is missing; no setting
    stops it but a consent file in the user's home. A None here makes that package missing to this process.
    """
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def child_environment(extra: dict[str, str]) -> dict[str, str]:
    """``PATH``, locale and temporary folder of this process, and ``extra``; nothing else is inherited."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
    return kept | extra


def in_continuous_integration() -> bool:
    """Whether this runs where nobody watches (``CI`` is set to anything but the empty string)."""
    return bool(os.environ.get("CI"))
