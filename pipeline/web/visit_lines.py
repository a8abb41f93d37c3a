"""What a stop of a route says on the screen of a handheld or a map program, in the language of the page."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from babel.dates import format_date

from pipeline.domain.grower import GrowerKind
from pipeline.domain.reason import Reason
from pipeline.store.errands import Stop
from pipeline.web import measures
from pipeline.web.growers import KINDS
from pipeline.web.key import CLASSES
from pipeline.web.languages import Language, marked
from pipeline.workflow.export_visits import Describe

CANDIDATE = marked("A candidate for verification: two readers say that it is worth a look.")
FLOWN = marked("flown %(day)s")
ZONE = marked("3-degree zone %(zone)s")
AMAP = marked("Open in AMap (GCJ-02)")


def lines_in(language: Language, say: Callable[[str], str], reasons: Iterable[Reason]) -> Describe:
    """What describes a stop in ``language``, which ``say`` speaks; ``reasons`` are those that readers may give."""
    names = {one.code: one.zh if language is Language.CHINESE else one.en for one in reasons}
    return partial(_lines, language, say, names)


def _lines(
    language: Language, say: Callable[[str], str], reasons: dict[str, str], stop: Stop, row: dict[str, Any]
) -> str:
    flag, flown_on = stop.flag, stop.flight.flown_on
    given = dict.fromkeys(reasons.get(reading.reason, reading.reason) for reading in stop.readings)
    lines = [
        say(CANDIDATE),
        f"{say(CLASSES.get(flag.class_name, flag.class_name))} · {measures.area(flag.area_m2, language.locale)}",
        *given,
        *(say(KINDS[GrowerKind(kind)]) for kind in stop.kinds),
        say(FLOWN) % {"day": format_date(flown_on, language.day, locale=language.locale)} if flown_on else "",
        row["dms"],
        f"UTM {row['utm_zone']}: {row['utm_east_m']:.1f} E, {row['utm_north_m']:.1f} N",
        _strip(say, row),
        f"{say(AMAP)}: {row['amap_gcj02']}" if row["amap_gcj02"] else "",
    ]
    return "\n".join(line for line in lines if line)


def _strip(say: Callable[[str], str], row: dict[str, Any]) -> str:
    if not row["cgcs2000_gk3_zone"]:
        return ""
    zone = say(ZONE) % {"zone": row["cgcs2000_gk3_zone"]}
    return f"CGCS2000, {zone}: {row['cgcs2000_gk3_east_m']:.1f} E, {row['cgcs2000_gk3_north_m']:.1f} N"
