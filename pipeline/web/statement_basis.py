"""What a statement rests on, in words: the model, the readers, the audit, flags and visits, versions and hashes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pipeline.domain.flag import FlagStatus
from pipeline.web.document import Cell, Section, Table
from pipeline.web.languages import Language, marked
from pipeline.web.statement_links import Links
from pipeline.web.words import Words
from pipeline.workflow.state_coverage import OPEN

MOST_ROWS: Final = 40
"""Of flights, in one table; the JSON file has them all."""
MOST_LINKS: Final = 12
IN_NONE: Final = marked(
    "Of %(n)s places drawn at random from ground that the model called clear, readers found something in none: "
    "an estimated %(share)s of that ground (95 %% interval %(low)s to %(high)s)."
)
IN_SOME: Final = marked(
    "Of %(n)s places drawn at random from ground that the model called clear, readers found something in "
    "%(found)s: an estimated %(share)s of that ground (95 %% interval %(low)s to %(high)s)."
)
FLAGS: Final = {
    FlagStatus.UNREVIEWED: marked("Unreviewed"),
    FlagStatus.IN_REVIEW: marked("In review"),
    FlagStatus.DISPUTED: marked("Disputed, with a third reader"),
    FlagStatus.REJECTED: marked("Rejected"),
    FlagStatus.CONFIRMED: marked("Confirmed"),
    FlagStatus.VISIT_PLANNED: marked("Visit planned"),
    FlagStatus.VERIFIED: marked("Verified"),
    FlagStatus.ABSENT: marked("Nothing there"),
    FlagStatus.LOOK_ALIKE: marked("Look-alike"),
    FlagStatus.NO_ACCESS: marked("Could not be reached"),
    FlagStatus.ALREADY_REMOVED: marked("Already removed"),
}
STANDS: Final = {status.value: words for status, words in FLAGS.items()} | {OPEN: marked("No team has been there yet")}
"""Of a visit, by its outcome."""


def model(said: Mapping[str, Any], words: Words, links: Links) -> Section:
    """How many plots the model finds, and of which of these flights that may be said."""
    recall, _ = said["model"], words.gettext
    tell: tuple[str, ...] = (
        _("Nothing is known of it: there are no plots of known truth for the models that were used."),
    )
    if recall["n"]:
        tell = (
            _(
                "Of %(n)s plots of known truth the model flagged %(hits)s: %(share)s "
                "(95 %% interval %(low)s to %(high)s). The statement counts with at least %(at_least)s.",
                **_counted(recall, words),
            ),
        )
    if said["flights"]:
        tell += (_holding([one["claim_holds"] for one in said["flights"]], words),)
    return Section(
        id="model",
        title=_("What the model finds"),
        paragraphs=tell,
        tables=(_flights(said, words, links),) if said["flights"] else (),
        notes=_left_out(said, words),
        evidence=_link(_("Models"), links.to("/models")),
    )


def _holding(holds: Sequence[bool], words: Words) -> str:
    """For how many of the flights the model's claim holds."""
    _ = words.gettext
    if len(holds) == 1:
        return (
            _("What the model claims holds for the flight.")
            if holds[0]
            else _("What the model claims does not hold for the flight.")
        )
    return _(
        "What the model claims holds for %(holding)s of the %(n)s flights.",
        holding=words.number(sum(holds)),
        n=words.number(len(holds)),
    )


def readers(said: Mapping[str, Any], words: Words, links: Links) -> Section:
    """How many plots readers confirm, told by controls."""
    recall, _ = said["readers"], words.gettext
    tell = _("Nothing is known of it: readers were given no known ground with a target.")
    if recall["n"]:
        tell = _(
            "Of %(n)s readings of known ground with a target (controls) %(hits)s confirmed it: %(share)s "
            "(95 %% interval %(low)s to %(high)s). The statement counts with at least %(at_least)s for one reader.",
            **_counted(recall, words),
        )
    return Section(
        id="readers",
        title=_("What readers confirm"),
        paragraphs=(tell,),
        notes=(_("Controls of the whole district, at any time."),) if recall["n"] else (),
        evidence=_link(_("How the review goes"), links.to("/review/lead")),
    )


def audit(said: Mapping[str, Any], words: Words, links: Links) -> Section:
    """What places of clear ground, drawn at random, tell of the model's misses on this land."""
    found, _ = said["audit"], words.gettext
    tell = _("No place of clear ground has been read to the end yet, so nothing can be said.")
    if found["n"]:
        tell = _(
            IN_SOME if found["found"] else IN_NONE,
            n=words.number(found["n"]),
            found=words.number(found["found"]),
            share=words.percent(found["share"]),
            low=words.at_least(found["low"]),
            high=words.at_most(found["high"]),
        )
    return Section(
        id="audit",
        title=_("What the model misses: the audit of un-flagged ground"),
        paragraphs=(tell,),
        notes=(
            _(
                "Of the whole district since %(day)s. Each place stands for the ground from which it was drawn "
                "(Horvitz-Thompson). Places that still wait: %(count)s.",
                day=words.day(date.fromisoformat(said["coverage"]["from"])),
                count=words.number(found["unread_places"]),
            ),
        ),
        evidence=_link(_("How the review goes"), links.to("/review/lead")),
    )


def flags_and_visits(said: Mapping[str, Any], words: Words, links: Links) -> Section:
    """What became of each flag, and what was found on the ground."""
    flags, visits, _ = said["flags"], said["visits"], words.gettext
    by_status = [(status, flags[status]) for status in FLAGS if flags.get(status)]
    stands = [(outcome, visits["outcomes"][outcome]) for outcome in STANDS if visits["outcomes"].get(outcome)]
    tables = []
    if by_status:
        rows = tuple(
            (Cell(text=_(FLAGS[status])), Cell(text=words.number(count), number=True, href=links.coverage(said)))
            for status, count in by_status
        )
        head = (Cell(text=_("Flags")), Cell(text=_("Count"), number=True))
        tables.append(Table(caption=_("Flags by status"), head=head, rows=rows))
    if stands:
        rows = tuple(
            (
                Cell(text=_(STANDS[outcome])),
                Cell(text=words.number(count), number=True, more=_each(visits, outcome, words, links)),
            )
            for outcome, count in stands
        )
        head = (Cell(text=_("Visits")), Cell(text=_("Count"), number=True))
        tables.append(Table(caption=_("Visits by outcome"), head=head, rows=rows))
    tell = [] if by_status else [_("The model flagged nothing on this ground.")]
    tell += [] if stands else [_("Nobody was sent to this ground.")]
    way = links.to("/visits", district=said["of"]["district"])
    return Section(
        id="flags",
        title=_("Flags and visits"),
        paragraphs=tuple(tell),
        tables=tuple(tables),
        evidence=_link(_("Coverage"), links.coverage(said)) + _link(_("Visits"), way),
    )


def fingerprints(said: Mapping[str, Any], words: Words, links: Links) -> Section:
    """Versions and hashes, by which all of this can be found again."""
    _ = words.gettext
    facts = [
        (Cell(text=_("Software")), Cell(text=said["software"])),
        (Cell(text=_("Leaves of the ledger")), Cell(text=words.number(said["ledger"]["leaves"]))),
    ]
    if said["ledger"]["newest_leaf"]:
        facts.append((Cell(text=_("Newest leaf")), Cell(text=said["ledger"]["newest_leaf"], code=True)))
    models = {one["model_sha256"]: one["model"] for one in said["flights"]}
    facts += [
        (Cell(text=_("Model %(name)s", name=name)), Cell(text=sha256, code=True, href=links.model(sha256)))
        for sha256, name in models.items()
    ]
    head = (Cell(text=_("What")), Cell(text=_("Version or sha256")))
    tables = [Table(caption=_("Versions and hashes"), head=head, rows=tuple(facts))]
    if said["flights"]:
        rows = tuple(
            (
                Cell(text=one["name"], href=links.to(f"/flights/{one['flight']}")),
                Cell(text=one["original_sha256"], code=True),
            )
            for one in _in_order(said)[:MOST_ROWS]
        )
        head = (Cell(text=_("Flight")), Cell(text=_("sha256 of the original")))
        tables.append(Table(caption=_("Originals of the flights"), head=head, rows=rows))
    return Section(
        id="fingerprints", title=_("Versions and hashes"), tables=tuple(tables), notes=_left_out(said, words)
    )


def _flights(said: Mapping[str, Any], words: Words, links: Links) -> Table:
    _ = words.gettext
    rows = tuple(
        (
            Cell(text=one["name"], href=links.to(f"/flights/{one['flight']}")),
            Cell(text=words.day(date.fromisoformat(one["day"]))),
            Cell(text=one["model"], href=links.model(one["model_sha256"])),
            Cell(text=_("holds") if one["claim_holds"] else _("does not hold"), note=_claim(one["claim"], words)),
        )
        for one in _in_order(said)[:MOST_ROWS]
    )
    head = (_("Flight"), _("Flown on"), _("Model"), _("The model's claim"))
    return Table(
        caption=_("The model's claim, flight by flight"), head=tuple(Cell(text=one) for one in head), rows=rows
    )


def _in_order(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Flights for which the claim does not hold first, then by day."""
    return sorted(said["flights"], key=lambda one: (one["claim_holds"], one["day"], one["flight"]))


def _claim(claim: Mapping[str, Any], words: Words) -> str:
    """A claim, or why there is none."""
    _ = words.gettext
    if not claim:
        return _("the scan says nothing of it")
    if claim.get("differences"):
        name = "what_zh" if words.language is Language.CHINESE else "what"
        apart = [
            _(
                "%(what)s %(here)s, the model knows %(known)s",
                what=one[name],
                here=one["here"],
                known=_known(one["known"], words),
            )
            for one in claim["differences"]
        ]
        return "; ".join(apart) if words.language is Language.ENGLISH else "；".join(apart)
    values = {"n": words.number(claim.get("n_plots", 0)), "found": words.number(claim.get("n_found", 0))}
    if claim.get("holds"):
        return _(
            "at least %(share)s of plots (n = %(n)s, %(found)s found)", share=words.at_least(claim["share"]), **values
        )
    if claim.get("missing_plots"):
        return _(
            "too few plots of known truth: n = %(n)s, %(missing)s are missing", missing=claim["missing_plots"], **values
        )
    return _("not proven: n = %(n)s, %(found)s found", **values)


def _known(known: str, words: Words) -> str:
    _, bound, number = known.partition("at most ")
    return words.gettext("at most %(number)s", number=number) if bound else known


def _each(visits: Mapping[str, Any], outcome: str, words: Words, links: Links) -> tuple[Cell, ...]:
    """A link to each visit of an outcome, by its day."""
    theirs = [one for one in visits["each"] if one["outcome"] == outcome]
    return tuple(
        Cell(text=words.day(date.fromisoformat(one["day"])), href=links.to(f"/visits/{one['visit']}"))
        for one in theirs[:MOST_LINKS]
    ) + ((Cell(text="…"),) if len(theirs) > MOST_LINKS else ())


def _counted(recall: Mapping[str, Any], words: Words) -> dict[str, str]:
    return {
        "n": words.number(recall["n"]),
        "hits": words.number(recall["hits"]),
        "share": words.percent(recall["hits"] / recall["n"]),
        "low": words.at_least(recall["low"]),
        "high": words.at_most(recall["high"]),
        "at_least": words.at_least(recall["at_least"]),
    }


def _left_out(said: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    more = len(said["flights"]) - MOST_ROWS
    if more <= 0:
        return ()
    return (
        words.gettext(
            "Flights that are not listed here: %(count)s. The JSON file has all of them.", count=words.number(more)
        ),
    )


def _link(text: str, href: str) -> tuple[Cell, ...]:
    return (Cell(text=text, href=href),) if href else ()
