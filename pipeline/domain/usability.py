"""Usability: whether a flight is worth scanning, in one sentence before it; how usable it was, in one word after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from pipeline.domain.assessability import Reason

MEND: Final[dict[str, tuple[str, str]]] = {
    "coarse": ("fly lower", "请降低航高"),
    "exposure": ("fly at another time of day, or correct the exposure", "请换一个时段飞行，或调整曝光"),
    "shadow": ("fly around noon, or under an even sky", "请在正午前后或阴天光线均匀时飞行"),
    "glare": ("fly when the sun does not shine back from the ground", "请避开地面反光的时段飞行"),
    "blur": ("fly more slowly, with a shorter exposure, and check the focus", "请降低飞行速度、缩短快门时间并检查对焦"),
}
"""What would do on another flight, by the main reason, in both languages."""
SAID: Final[dict[str, tuple[str, str]]] = {
    "coarse": ("too coarse", "分辨率不足"),
    "exposure": ("wrongly exposed", "曝光不当"),
    "shadow": ("in shadow", "处于阴影中"),
    "glare": ("in glare", "反光"),
    "blur": ("blurred", "模糊"),
}

USABLE_SHARE: Final = 0.9
"""From this share of flown ground that could be assessed, a flight is usable."""
PARTLY_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Usability:
    """What a look at a flight's imagery came to.

    ``poor_shares`` has the share of the cells looked at that cannot be assessed, in [0, 1], by ``Reason`` in small
    letters; ``gsd_m`` and ``coarsest_gsd_m`` are this flight's ground sampling distance and the coarsest that the
    model may be asked about. ``least_share`` of the ground must be assessable for a flight to be of use.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    gsd_m: float
    coarsest_gsd_m: float
    flown_m2: float
    not_flown_m2: float
    cells_looked_at: int
    poor_shares: Mapping[str, float]
    least_share: float

    @property
    def too_coarse(self) -> bool:
        """Whether no cell at all can be asked about."""
        return Reason.COARSE.name.lower() in self.poor_shares

    @property
    def assessable_share(self) -> float:
        """The share of the ground looked at that can be assessed, in [0, 1]."""
        return max(0.0, 1.0 - sum(self.poor_shares.values()))

    @property
    def usable(self) -> bool:
        """Whether a scan is worth its time."""
        return self.assessable_share >= self.least_share

    @property
    def main_reason(self) -> str | None:
        """The reason of most of the ground that cannot be assessed; None where all can."""
        return max(self.poor_shares, key=lambda name: self.poor_shares[name], default=None)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence, with what would do where the flight is of no use."""
        if self.too_coarse:
            return (
                f"not usable: {_cm(self.gsd_m)} a pixel is too coarse, the model needs {_cm(self.coarsest_gsd_m)} "
                f"or finer; {MEND['coarse'][0]}"
            )
        if not self.usable and self.main_reason:
            return (
                f"not usable: only {self.assessable_share:.0%} of the ground looked at can be assessed, most of it is "
                f"{SAID[self.main_reason][0]}; {MEND[self.main_reason][0]}"
            )
        return f"usable: {_cm(self.gsd_m)} a pixel, {self.assessable_share:.0%} of the ground looked at can be assessed"

    @property
    def sentence_zh(self) -> str:
        """The same in Simplified Chinese."""
        if self.too_coarse:
            return (
                f"不可用：像素分辨率 {_cm(self.gsd_m)} 过粗，模型要求 {_cm(self.coarsest_gsd_m)} 或更细；"
                f"{MEND['coarse'][1]}"
            )
        if not self.usable and self.main_reason:
            return (
                f"不可用：抽查地面中仅 {self.assessable_share:.0%} 可以判读，主要原因为{SAID[self.main_reason][1]}；"
                f"{MEND[self.main_reason][1]}"
            )
        return f"可用：像素分辨率 {_cm(self.gsd_m)}，抽查地面中 {self.assessable_share:.0%} 可以判读"


class Grade(StrEnum):
    """How usable a scanned flight was, in one word: what a survey team wants to know before it drives home."""

    USABLE = "usable"
    """Nearly all that was flown could be assessed."""
    PARTLY = "partly"
    """A good part could not: it counts as uncovered."""
    HARDLY = "hardly"
    """Less than half could be assessed: fly it again."""


def grade(*, flown_m2: float, not_assessable_m2: float) -> Grade:
    """How usable a flight is; where nothing was flown, hardly."""
    if flown_m2 <= 0:
        return Grade.HARDLY
    share = 1 - not_assessable_m2 / flown_m2
    if share >= USABLE_SHARE:
        return Grade.USABLE
    return Grade.PARTLY if share >= PARTLY_SHARE else Grade.HARDLY


def _cm(metres: float) -> str:
    return f"{metres * 100:.2f} cm"
