"""Reasons: what a reader may give as the ground of a verdict. A bureau may put its own in their place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from pipeline.domain.decision import Verdict
from pipeline.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A ground for one verdict: the code that is stored, and its name in both languages."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    verdict: Verdict
    code: str
    en: str
    zh: str

    def __post_init__(self) -> None:
        """Refuse what could not be told apart later.

        Raises:
            InvalidInputError: The code is no short word, or a name is missing.
        """
        if not self.code.replace("_", "").isalnum() or not self.code.isascii() or len(self.code) > 40:  # noqa: PLR2004
            raise InvalidInputError(f"the code of a reason {self.code!r} must be a word of at most 40 letters")
        if not self.en.strip() or not self.zh.strip():
            raise InvalidInputError(f"the reason {self.code!r} needs a name in English and in Chinese")


def _reason(verdict: Verdict, code: str, en: str, zh: str) -> Reason:
    return Reason(verdict=verdict, code=code, en=en, zh=zh)


REASONS: Final = (
    _reason(Verdict.CONFIRM, "plant_form", "Leaves, flowers or capsules can be seen", "可见叶、花或蒴果的形态"),
    _reason(Verdict.CONFIRM, "colour_and_texture", "Colour and texture as in the key", "颜色与纹理符合判读标志"),
    _reason(Verdict.CONFIRM, "planted", "Planted: rows, beds or a tended edge", "人工种植：成行、成畦或有管护边界"),
    _reason(Verdict.CONFIRM, "hidden", "Hidden among other crops or trees", "隐蔽种植于其他作物或林木之间"),
    _reason(Verdict.CONFIRM, "as_before", "As on an earlier flight where it was found", "与以往查实地块的影像一致"),
    _reason(Verdict.REJECT, "other_crop", "Another crop", "其他农作物"),
    _reason(Verdict.REJECT, "wild_plants", "Wild plants or weeds", "野生植物或杂草"),
    _reason(Verdict.REJECT, "ornamental", "Garden or ornamental plants", "园艺或观赏植物"),
    _reason(Verdict.REJECT, "licensed", "A licensed grower's field", "许可种植地块"),
    _reason(Verdict.REJECT, "bare_or_built", "Bare soil, water, road or building", "裸地、水面、道路或建筑"),
    _reason(Verdict.REJECT, "image_fault", "A fault of the image, not of the ground", "影像问题，非地面目标"),
    _reason(Verdict.UNSURE, "too_coarse", "Too coarse or blurred to tell", "影像过粗或模糊，无法判定"),
    _reason(Verdict.UNSURE, "too_young", "Too early in the season to tell", "生长期过早，无法判定"),
    _reason(Verdict.UNSURE, "covered", "In shadow, or under trees or film", "处于阴影、树冠或薄膜之下"),
    _reason(Verdict.UNSURE, "not_known", "I do not know this plant", "不认识该植物"),
)
"""What most readings are about. Codes stay; a name may be said better."""


def must_be_reason(reasons: Iterable[Reason], verdict: Verdict, code: str) -> None:
    """Refuse a ground that does not belong to the verdict.

    Raises:
        InvalidInputError: It is none of those that were offered.
    """
    fitting = [reason.code for reason in reasons if reason.verdict is verdict]
    if code not in fitting:
        raise InvalidInputError(f"{code!r} is no reason to {verdict}; choose one of {', '.join(fitting)}")
