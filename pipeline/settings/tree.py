"""The tree of settings: every value with its default, its unit and its reason; each part checks itself."""

from dataclasses import field, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.domain.decision import Verdict
from pipeline.domain.reason import REASONS, Reason
from pipeline.domain.urgency import Season
from pipeline.errors import InvalidInputError
from pipeline.settings.environment import config_named
from pipeline.settings.keeping import JobSettings, RetentionSettings, StoreSettings, UploadLimits
from pipeline.settings.reading import STRICT, read_toml

PRECISIONS: Final = ("auto", "fp32", "bf16", "int8")
EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 compared, not listened on


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
class WebSettings:
    """How the pages are served."""

    host: str = "127.0.0.1"
    """The address listened on. Beyond this machine, put a server that speaks TLS in front."""
    port: int = 8000
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """The names under which people reach the server; others are refused (DNS rebinding). ``*`` allows any."""
    time_zone: str = "UTC"
    """The time zone of the times on pages, an IANA name."""

    def __post_init__(self) -> None:
        """Refuse what cannot be served.

        Raises:
            InvalidInputError: The port or the time zone does not exist.
        """
        if not 0 <= self.port < 65_536:  # noqa: PLR2004 a port is 16 bits
            raise InvalidInputError(f"web.port {self.port} must be in [0, 65535]")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError) as error:
            said = f"web.time_zone {self.time_zone!r} is not known, use a name such as Asia/Shanghai"
            raise InvalidInputError(said) from error


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class QualitySettings:
    """When a flight is worth scanning."""

    least_assessable_share: float = 0.1
    """A flight of whose ground less can be assessed is called unusable, and is not scanned."""

    def __post_init__(self) -> None:
        """Refuse what is no share.

        Raises:
            InvalidInputError: It is not in (0, 1].
        """
        if not 0 < self.least_assessable_share <= 1:
            raise InvalidInputError("quality.least_assessable_share must be in (0, 1]")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ReviewSettings:
    """How flags are put before readers."""

    lease_minutes: float = 15.0
    """So long an item is in one reader's hands."""
    second_read_share: float = 0.2
    """Of rejections, read a second time by somebody who does not know of the first."""
    control_share: float = 0.04
    """Of what waits, items of known truth: 2 to 5 % tell how good a reader is without wasting time."""
    audit_share: float = 0.04
    """Ground that the model called clear, for each flag that a scan raises; at least one a flight."""
    season_begins: tuple[int, int] = (4, 1)
    """Month and day from which plants can be seen."""
    season_ends: tuple[int, int] = (10, 31)
    """Month and day after which nobody finds them standing."""
    reasons: tuple[Reason, ...] = REASONS
    """What a reader may give as the ground of a verdict."""

    def __post_init__(self) -> None:
        """Refuse a review in which nobody could give a verdict, or that watches nobody.

        Raises:
            InvalidInputError: A number is out of its range, a verdict has no reason, or a code is there twice.
        """
        if not 1 <= self.lease_minutes <= 240:  # noqa: PLR2004 four hours
            raise InvalidInputError("review.lease_minutes must be in [1, 240]")
        if not (0 <= self.second_read_share <= 1 and 0 <= self.control_share <= 0.5 and 0 <= self.audit_share <= 1):  # noqa: PLR2004 half
            raise InvalidInputError(
                "review: shares read twice and audited must be in [0, 1], control_share in [0, 0.5]"
            )
        for month, day in (self.season_begins, self.season_ends):
            if not (1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004 a calendar
                raise InvalidInputError(f"review: ({month}, {day}) is no month and day")
        given = {(reason.verdict, reason.code) for reason in self.reasons}
        if len(given) < len(self.reasons) or {verdict for verdict, _ in given} != set(Verdict):
            raise InvalidInputError("review.reasons must give each verdict a reason, and each code once a verdict")

    @property
    def season(self) -> Season:
        """The part of the year in which plants stand."""
        return Season(begins=self.season_begins, ends=self.season_ends)


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Settings:
    """Everything Plotwatch is told, as one frozen tree."""

    intake: IntakeLimits = field(default_factory=IntakeLimits)
    quality: QualitySettings = field(default_factory=QualitySettings)
    scan: ScanSettings = field(default_factory=ScanSettings)
    plots: PlotSettings = field(default_factory=PlotSettings)
    uploads: UploadLimits = field(default_factory=UploadLimits)
    web: WebSettings = field(default_factory=WebSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    jobs: JobSettings = field(default_factory=JobSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    model: Path = Path("models/demo-poppy")


def load_settings(path: Path | None = None) -> Settings:
    """The settings in ``path``, else in the file that PLOTWATCH_CONFIG names, else the defaults.

    Raises:
        InvalidInputError: The file is no TOML, has an unknown key or a value of the wrong kind.
        NotFoundError: There is no such file.
    """
    chosen = path or config_named()
    return Settings() if chosen is None else read_toml(Settings, chosen)


def with_data(settings: Settings, data_dir: Path | None) -> Settings:
    """``settings`` with another data folder, where one is given."""
    if data_dir is None:
        return settings
    return replace(settings, store=replace(settings.store, data_dir=data_dir))


def with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    """``settings`` with another address to listen on; a host that is given is also a name to be reached by.

    Raises:
        InvalidInputError: Every address is listened on, and nobody said under which names people come.
    """
    web = settings.web
    chosen = replace(web, host=web.host if host is None else host, port=web.port if port is None else port)
    if chosen.host in EVERY_ADDRESS and chosen.hosts == WebSettings().hosts:
        raise InvalidInputError(f"web.hosts must name how people reach a server that listens on {chosen.host}")
    if chosen.host not in EVERY_ADDRESS and chosen.host not in chosen.hosts:
        chosen = replace(chosen, hosts=(*chosen.hosts, chosen.host))
    return replace(settings, web=chosen)
