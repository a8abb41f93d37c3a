"""Compare models: champion and challenger on the same held-out ground, and a sentence of what came of it.

What it leaves, ``version`` 1::

    comparison.json   every number, and the sha256 of both bundles and of the data
    comparison.html   the same for people, in both languages
    shadow.geojson    flags of recent flights that appear, vanish and stay  (workflow.shadow)
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.domain.interval import wilson
from pipeline.domain.progress import Report
from pipeline.domain.registry import Measured, Outcome, outcome_of
from pipeline.imagery.whole import write_text
from pipeline.learning.paired import GroundPair, Table, false_difference, pair, tabulate
from pipeline.learning.sources import Role, read_dataset
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.store.files import COMPARISON
from pipeline.workflow.evaluate import Question, judge
from pipeline.workflow.shadow import Shadowed, as_record

VERSION: Final = 1
RECORD: Final = COMPARISON
PAGE: Final = "comparison.html"
IDLE_SHARE: Final = 0.01
"""Of held-out ground: flags that cover less of it without a target are small against it."""
TEMPLATE: Final = "comparison.html.jinja"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Two bundles, the data sets of which the role ``test`` is held out, and how a scan scores."""

    champion: Path
    challenger: Path
    held_out: tuple[Path, ...]
    precision: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a comparison, in a sentence of each language."""

    outcome: Outcome
    sentence: str
    sentence_zh: str


def judge_pairs(contest: Contest, report: Report) -> tuple[GroundPair, ...]:
    """Every held-out ground under both models; () where there is none.

    Raises:
        InvalidInputError: The ground cannot be used.
    """
    pairs: list[GroundPair] = []
    for data in contest.held_out:
        dataset = read_dataset(data)
        if not dataset.of_role(Role.TEST):
            continue
        old, new = (
            judge(
                Question(model=model, data=data, role=Role.TEST, precision=contest.precision),
                open_bundle(model),
                dataset,
                report,
            )
            for model in (contest.champion, contest.challenger)
        )
        pairs += [pair(first, second) for first, second in zip(old, new, strict=True)]
    return tuple(pairs)


def conclude(pairs: Sequence[GroundPair], shadowed: Sequence[Shadowed]) -> Verdict:
    """What the numbers come to, said plainly."""
    table = tabulate(pairs)
    measured = Measured(
        gained=table.gained,
        lost=table.lost,
        chance=table.chance,
        more_questions=_more_questions(pairs, shadowed),
        more_ground=_more_ground(pairs, shadowed),
        surely_fewer_false=_surely_fewer_false(pairs, table),
    )
    outcome = outcome_of(measured)
    found, before = table.both + table.gained, table.both + table.lost
    counted = f"It finds {found} of {table.n} held-out plots, the champion {before}"
    counted_zh = f"在{table.n}个留出地块中，新模型发现{found}个，现用模型发现{before}个"
    ends = {
        Outcome.BETTER: ("The challenger is better", "新模型更好"),
        Outcome.NOT_SHOWN: (
            "The challenger is not shown to be better: the champion is kept",
            "未能证明新模型更好：保留现用模型",
        ),
        Outcome.WORSE: (
            "The challenger finds fewer plots: the champion is kept",
            "新模型发现的地块更少：保留现用模型",
        ),
    }
    end, end_zh = ends[outcome]
    return Verdict(outcome=outcome, sentence=f"{end}. {counted}.", sentence_zh=f"{end_zh}。{counted_zh}。")


def record_of(
    contest: Contest, pairs: Sequence[GroundPair], shadowed: Sequence[Shadowed], verdict: Verdict, *, now: datetime
) -> dict[str, Any]:
    """Everything that was counted, as JSON."""
    whole = [one for one in pairs if one.whole]
    decided = [one for one in pairs if not one.whole]
    false, bounds = false_difference(pairs)
    return {
        "version": VERSION,
        "software": f"plotwatch {version('plotwatch')}",
        "compared_at": now.isoformat(timespec="seconds"),
        "outcome": verdict.outcome.value,
        "sentence": verdict.sentence,
        "sentence_zh": verdict.sentence_zh,
        "champion": _model(open_bundle(contest.champion)),
        "challenger": _model(open_bundle(contest.challenger)),
        "held_out": {
            "all": _counts(tabulate(pairs)),
            "labelled_as_a_whole": _counts(tabulate(whole)),
            "by_decisions": _counts(tabulate(decided)),
            "grounds": [_ground(one) for one in pairs],
        },
        "false_flags": {
            "champion": sum(one.champion_false for one in whole),
            "challenger": sum(one.challenger_false for one in whole),
            "hectares": sum(one.area_m2 for one in whole) / 10_000,
            "difference_per_hectare": false if math.isfinite(false) else None,
            "interval_95": bounds,
        },
        "flagged_without_target": {
            "champion_m2": sum(one.champion_idle_m2 for one in whole),
            "challenger_m2": sum(one.challenger_idle_m2 for one in whole),
            "ground_m2": sum(one.area_m2 for one in whole),
        },
        "shadow": as_record(shadowed),
    }


def write_comparison(out: Path, record: dict[str, Any]) -> None:
    """Write page and record to ``out``, each whole or not at all."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    write_text(out / PAGE, environment.get_template(TEMPLATE).render(record=record))
    write_text(out / RECORD, json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _more_questions(pairs: Sequence[GroundPair], shadowed: Sequence[Shadowed]) -> float:
    """How many times as many questions the challenger asks for each plot it finds, on ground labelled as a whole.

    Without such ground, how many times as many it asks of recent flights.
    """
    whole = [one for one in pairs if one.whole]
    if not whole:
        before, after = (
            sum(one.champion_flags for one in shadowed),
            sum(one.challenger_flags for one in shadowed),
        )
        return after / max(before, 1)
    old = _price(sum(one.champion_false for one in whole), sum(int(one.champion_found.sum()) for one in whole))
    new = _price(sum(one.challenger_false for one in whole), sum(int(one.challenger_found.sum()) for one in whole))
    return new / old


def _more_ground(pairs: Sequence[GroundPair], shadowed: Sequence[Shadowed]) -> float:
    """How many times as much ground without a target the challenger's flags cover, on ground labelled as a whole.

    Without such ground, how many times as much of recent flights they cover. A hundredth of the ground more or less
    counts little.
    """
    whole = [one for one in pairs if one.whole]
    if whole:
        least = IDLE_SHARE * sum(one.area_m2 for one in whole)
        before, after = sum(one.champion_idle_m2 for one in whole), sum(one.challenger_idle_m2 for one in whole)
    else:
        least = 1.0
        before, after = sum(one.champion_m2 for one in shadowed), sum(one.challenger_m2 for one in shadowed)
    return (after + least) / (before + least)


def _price(false: int, found: int) -> float:
    """Questions for each plot found, at least 1; as if one were found where none was."""
    return (false + max(found, 1)) / max(found, 1)


def _surely_fewer_false(pairs: Sequence[GroundPair], table: Table) -> bool:
    """Whether there are fewer false flags at no loss of plots."""
    _, bounds = false_difference(pairs)
    return bounds is not None and bounds[1] < 0 and table.n > 0


def _counts(table: Table) -> dict[str, Any]:
    """Recall of both, and their difference."""
    before, after = wilson(table.both + table.lost, table.n), wilson(table.both + table.gained, table.n)
    return {
        "plots": table.n,
        "champion": asdict(before) | {"value": before.value},
        "challenger": asdict(after) | {"value": after.value},
        "found_by_both": table.both,
        "found_by_challenger_alone": table.gained,
        "found_by_champion_alone": table.lost,
        "found_by_neither": table.neither,
        "difference": table.difference if table.n else None,
        "difference_interval_95": table.interval,
        "mcnemar_exact_p": table.chance,
    }


def _ground(one: GroundPair) -> dict[str, Any]:
    return {
        "name": one.name,
        "area_m2": one.area_m2,
        "labelled_as_a_whole": one.whole,
        "plots": len(one.champion_found),
        "champion_found": int(one.champion_found.sum()),
        "challenger_found": int(one.challenger_found.sum()),
        "champion_false": one.champion_false,
        "challenger_false": one.challenger_false,
    }


def _model(bundle: Bundle) -> dict[str, Any]:
    return {
        "name": bundle.manifest.name,
        "sha256": bundle.sha256,
        "created_at": bundle.manifest.created_at,
        "threshold_high": bundle.manifest.thresholds.high,
        "data": bundle.manifest.data.name,
    }
