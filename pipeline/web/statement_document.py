"""The statement in words, in the language of its reader: what may be said first, then each number with its evidence."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from pipeline.web.document import Cell, Document, Section, Table
from pipeline.web.languages import marked
from pipeline.web.statement_basis import audit, fingerprints, flags_and_visits, model, readers
from pipeline.web.statement_drawing import draw, swatch
from pipeline.web.statement_links import Links
from pipeline.web.words import Words
from pipeline.workflow.tell_coverage import UNCOVERED

STATES: Final = {
    "seen": marked("Seen"),
    "not_assessable": marked("Not assessable"),
    "could_not_be_flown": marked("Could not be flown"),
    "not_flown": marked("Not flown"),
}
MOST_DAYS: Final = 12
"""Ground is told by the day of its last look, beyond so many days by month."""
NO_PLOT: Final = marked("With 95 %% confidence no plot remains on %(where)s.")
ONE_PLOT: Final = marked("With 95 %% confidence at most one plot remains on %(where)s.")
PLOTS: Final = marked("With 95 %% confidence at most %(number)s plots remain on %(where)s.")
TOO_THIN: Final = marked("Nothing was found on %(where)s, but the record is too thin to say that little remains.")
NOTHING_SAID: Final = marked("Nothing may be said of absence on %(where)s.")


def document_of(said: Mapping[str, Any], words: Words, links: Links) -> Document:
    """A statement (``workflow.state_coverage``) as a document."""
    coverage, _ = said["coverage"], words.gettext
    where = where_of(coverage, words)
    first, last = (words.day(date.fromisoformat(coverage[end])) for end in ("from", "to"))
    sections = (
        *_not_supported(said, words),
        _coverage(said, words, links),
        _unseen(said, words),
        *_how_sure(said, words),
        model(said, words, links),
        readers(said, words, links),
        audit(said, words, links),
        flags_and_visits(said, words, links),
        fingerprints(said, words, links),
    )
    made = words.minute(datetime.fromisoformat(said["made_at"]))
    return Document(
        language=words.language.value,
        title=_("Statement on coverage and absence"),
        subject=where,
        dates=_("From %(first)s to %(last)s", first=first, last=last),
        lead=_lead(said, words),
        beside=(_seen(coverage, words),),
        sober=said["absence"] is None or said["absence"]["at_most_with_95_percent"] is None,
        sections=sections,
        foot=(
            _("Made on %(moment)s.", moment=made),
            _("Plotwatch looks at land, never at people. Every flag is a question that people answer."),
        ),
    )


def where_of(coverage: Mapping[str, Any], words: Words) -> str:
    """The ground by its names."""
    if coverage["area"] is None:
        return words.gettext("%(district)s, all areas", district=coverage["district"])
    return words.gettext("%(area)s, %(district)s", area=coverage["area"], district=coverage["district"])


def _lead(said: Mapping[str, Any], words: Words) -> str:
    where, absence = where_of(said["coverage"], words), said["absence"]
    if absence is None:
        return words.gettext(NOTHING_SAID, where=where)
    most = absence["at_most_with_95_percent"]
    if most is None:
        return words.gettext(TOO_THIN, where=where)
    sentence = {0: NO_PLOT, 1: ONE_PLOT}.get(most, PLOTS)
    return words.gettext(sentence, where=where, number=words.number(most))


def _seen(coverage: Mapping[str, Any], words: Words) -> str:
    total, seen = coverage["total_m2"], coverage["seen_m2"]
    values = {
        "share": words.at_least(coverage["seen_share"]),
        "total": words.area_down(total),
        "rest": words.area_up(total - seen),
    }
    if seen == 0:
        return words.gettext("None of its %(total)s was seen in these days.", **values)
    last = words.day(date.fromisoformat(max(one["day"] for one in coverage["last_seen"])))
    if seen == total:
        return words.gettext("All of its %(total)s was seen, last on %(last)s.", last=last, **values)
    return words.gettext(
        "%(share)s of its %(total)s was seen, last on %(last)s; the other %(rest)s was not.",
        last=last,
        **values,
    )


def _not_supported(said: Mapping[str, Any], words: Words) -> tuple[Section, ...]:
    if not said["not_supported"]:
        return ()
    title = words.gettext("What the record does not support")
    return (Section(id="not-supported", title=title, points=tuple(map(words.say, said["not_supported"]))),)


def _coverage(said: Mapping[str, Any], words: Words, links: Links) -> Section:
    coverage, _ = said["coverage"], words.gettext
    total, map_of = coverage["total_m2"], links.coverage(said)
    rows = [
        (
            Cell(text=_(name), sign=swatch(state)),
            Cell(
                text=(words.area_down if state == "seen" else words.area_up)(coverage[f"{state}_m2"]),
                number=True,
                href=map_of,
            ),
            Cell(text=_share(state, coverage, words), number=True, href=map_of),
        )
        for state, name in STATES.items()
    ]
    rows.append((Cell(text=_("Whole area")), Cell(text=words.area_down(total), number=True), Cell(text="")))
    head = (Cell(text=_("Ground")), Cell(text=_("Area"), number=True), Cell(text=_("Share"), number=True))
    tables = [Table(caption=_("Ground by state"), head=head, rows=tuple(rows))]
    if coverage["last_seen"]:
        tables.append(_by_day(said, words, links))
    return Section(
        id="coverage",
        title=_("What was seen"),
        tables=tuple(tables),
        notes=(
            _(
                "Seen is rounded down, all else up. "
                "Not assessable, could not be flown and not flown count as uncovered."
            ),
        ),
        evidence=(Cell(text=_("Coverage"), href=map_of),) if map_of else (),
    )


def _share(state: str, coverage: Mapping[str, Any], words: Words) -> str:
    if state == "seen":
        return words.at_least(coverage["seen_share"])
    return words.at_most(coverage[f"{state}_m2"] / coverage["total_m2"] if coverage["total_m2"] else 0.0)


def _by_day(said: Mapping[str, Any], words: Words, links: Links) -> Table:
    """Seen ground by its last look, by day or by month."""
    coverage, _ = said["coverage"], words.gettext
    looks = [(date.fromisoformat(one["day"]), one["area_m2"]) for one in coverage["last_seen"]]
    by_month = len(looks) > MOST_DAYS
    areas: dict[str, float] = {}
    for day, area_m2 in sorted(looks):
        name = words.month(day) if by_month else words.day(day)
        areas[name] = areas.get(name, 0.0) + area_m2
    rows = tuple(
        (Cell(text=name), Cell(text=words.area_down(area_m2), number=True, href=links.coverage(said)))
        for name, area_m2 in areas.items()
    )
    head = (Cell(text=_("Last looked at")), Cell(text=_("Area"), number=True))
    return Table(caption=_("Seen ground by its last look"), head=head, rows=rows)


def _unseen(said: Mapping[str, Any], words: Words) -> Section:
    _ = words.gettext
    gaps = {one["properties"]["state"]: one for one in said["uncovered"]["features"]}
    rows = tuple(
        (
            Cell(text=_(STATES[state]), sign=swatch(state)),
            Cell(text=words.number(_pieces(gaps[state])), number=True),
            Cell(text=words.area_up(gaps[state]["properties"]["area_m2"]), number=True),
        )
        for state in UNCOVERED
        if state in gaps
    )
    head = (Cell(text=_("Ground")), Cell(text=_("Pieces"), number=True), Cell(text=_("Area"), number=True))
    return Section(
        id="unseen",
        title=_("What nobody has seen"),
        paragraphs=() if rows else (_("All of the ground was seen."),),
        drawing=draw(said),
        drawing_says=_("The ground, north up. Hatched is what nobody has seen; the table says how much."),
        tables=(Table(caption=_("Ground that nobody has seen"), head=head, rows=rows),) if rows else (),
    )


def _pieces(feature: Mapping[str, Any]) -> int:
    geometry = feature["geometry"]
    return len(geometry["coordinates"]) if geometry["type"] == "MultiPolygon" else 1


def _how_sure(said: Mapping[str, Any], words: Words) -> tuple[Section, ...]:
    """How sure it is that at most so many plots remain, beside what that rests on; nothing where nothing is said."""
    absence, _ = said["absence"], words.gettext
    if absence is None:
        return ()
    sure = tuple(
        (Cell(text=_most(int(most), words)), Cell(text=words.at_least(confidence), number=True))
        for most, confidence in absence["confidence_that_at_most"].items()
    )
    share = Cell(text=_("Share"), number=True)
    return (
        Section(
            id="sure",
            title=_("How sure that is"),
            tables=(
                Table(
                    caption=_("Confidence by number of plots"),
                    head=(Cell(text=_("Plots that remain")), Cell(text=_("Confidence"), number=True)),
                    rows=sure,
                ),
                Table(
                    caption=_("What it rests on"),
                    head=(Cell(text=_("What it rests on")), share),
                    rows=_factors(absence, words),
                ),
            ),
            notes=(
                _(
                    "Confidence that at most d plots remain: 1 - (1 - p)^(d + 1), less %(doubt)s, "
                    "because each lower bound may be wrong itself.",
                    doubt=words.at_most(absence["doubt_of_factors"]),
                ),
            ),
        ),
        Section(
            id="granted",
            title=_("What it takes for granted"),
            points=tuple(map(words.say, absence["takes_for_granted"])),
        ),
    )


def _factors(absence: Mapping[str, Any], words: Words) -> tuple[tuple[Cell, ...], ...]:
    """What the probability to find a plot is the product of, and the product."""
    _ = words.gettext
    factors = absence["factors"]
    return (
        (
            Cell(text=_("Ground that was seen"), href="#coverage"),
            Cell(text=words.at_least(factors["coverage"]), number=True),
        ),
        (
            Cell(text=_("Flagged by the model, at least"), href="#model"),
            Cell(text=words.at_least(factors["model"]), number=True),
        ),
        (
            Cell(
                text=_("Confirmed by two readers, a third where they differ, at least"),
                href="#readers",
            ),
            Cell(text=words.at_least(factors["readers"]), number=True),
        ),
        (
            Cell(text=_("A plot is found with a probability p of at least (the product)")),
            Cell(text=words.at_least(absence["found_with_at_least"]), number=True),
        ),
    )


def _most(number: int, words: Words) -> str:
    if number == 0:
        return words.gettext("none")
    return words.gettext("at most %(number)s", number=words.number(number))
