"""The model card: what a model was trained on, what was measured, and what it must not be used for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.domain.model import COARSEST, Manifest
from pipeline.learning.evaluate import CellNumbers
from pipeline.learning.plots import PlotNumbers, Share, claim
from pipeline.learning.sources import DataSet, Role

STAND_IN = (
    (
        "It has never seen opium poppy, coca or cannabis. Its target only stands in for them, and a good score on the "
        "stand-in says nothing about them."
    ),
    "Not for operations: it is here to develop, test and demonstrate the software.",
)
ALWAYS = (
    "A score is a reason to look, never a finding: only people decide, and only a visit to the field verifies.",
    (
        "The numbers hold for ground like that which they were measured on; another crop, season, soil, camera or "
        "flying height is other ground."
    ),
    "It must not be used to look for persons, houses or vehicles.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured on validation ground, and how much there was to learn from."""

    cells: CellNumbers
    plots: PlotNumbers
    train_labels: int
    train_area_m2: float
    chips_seen: int


class SizeClass(Protocol):
    """Plots of one quarter of the sizes, from the smallest to the largest of them, and how many were found."""

    @property
    def from_m2(self) -> float:
        """The smallest plot of the quarter."""

    @property
    def to_m2(self) -> float:
        """The largest plot of the quarter."""

    @property
    def recall(self) -> Share:
        """How many of its plots were found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The ground a model has seen: how its scale was varied in training, and when it was flown if that is said."""

    scale_from: float
    scale_to: float
    taken_at: tuple[str, ...] = ()
    seasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What else a run found out; what is empty was not looked at, and the card does not mention it.

    ``sizes`` are quarters of the plots, smallest first. ``false_by_class`` counts false flags by the look-alike that
    they touch. ``doubt`` are whole sentences: when the model does not know. What became of int8 is decided after the
    card is written, and added to it (``export.add_int8``).
    """

    sizes: tuple[SizeClass, ...] = ()
    false_by_class: Mapping[str, int] = field(default_factory=dict)
    calibration_error: float | None = None
    doubt: tuple[str, ...] = ()


def doubts_of(manifest: Manifest, plots: PlotNumbers) -> tuple[str, ...]:
    """When a model does not know, and how much of the measured ground that was; nothing of one without such limits."""
    said, quality, familiarity = [], manifest.quality, manifest.familiarity
    if quality is not None:
        said.append(
            f"Imagery: a cell is not assessed when its sharpness is below {quality.sharpness_least:.3f}, its mean "
            f"light outside {quality.light_least:.0f} to {quality.light_most:.0f} of 255, or more than "
            f"{quality.saturated_most:.0%} of it saturated. Of {quality.n_cells} cells of calibration ground "
            f"{quality.given_up_share:.2%} fail that. Where more than {quality.most_poor_share:.0%} of a flight fails, "
            "no recall is claimed for it."
        )
    if familiarity is not None:
        said.append(
            "Ground: a cell is not assessed when its colours and textures lie further than "
            f"{familiarity.limit:.2f} from those of the training ground; of {familiarity.n_cells} cells of calibration "
            f"ground {familiarity.given_up_share:.2%} do. Where more than {familiarity.most_unfamiliar_share:.0%} of a "
            "flight does, no recall is claimed for it."
        )
    if said:
        said.append(
            f"On the validation ground {plots.given_up_ground:.2%} of the cells, and {plots.given_up} plots, were "
            "given up: uncovered ground, neither found nor missed."
        )
    return tuple(said)


def limits_of(*, stand_in: bool, notes: tuple[str, ...]) -> tuple[str, ...]:
    """What a model must not be used for, as whole sentences."""
    return (*(STAND_IN if stand_in else ()), *ALWAYS, *notes)


def known_of(dataset: DataSet, *, scale_from: float, scale_to: float) -> Known:
    """What a model of ``dataset`` knows, whose training varied the scale by these factors."""
    shown = dataset.of_role(Role.TRAIN)
    return Known(
        scale_from=scale_from,
        scale_to=scale_to,
        taken_at=tuple(dict.fromkeys(source.taken_at for source in shown if source.taken_at)),
        seasons=tuple(dict.fromkeys(source.season for source in shown if source.season)),
    )


def write_card(
    manifest: Manifest, measured: Measured, known: Known | None = None, findings: Findings | None = None
) -> str:
    """The card as Markdown; every number on it was measured on ground that was not trained on."""
    found_out = findings or Findings()
    found = f"Finds `{manifest.classes[0]}` in orthomosaics of about {manifest.gsd_m * 100:.2g} cm a pixel."
    return "\n".join(
        [
            f"# {manifest.name}",
            "",
            f"{found} Made {manifest.created_at[:10]}.",
            "",
            "## What it must not be used for",
            "",
            *(f"- {limit}" for limit in manifest.limits),
            "",
            *_trained_on(manifest, measured),
            *(_ground_it_knows(manifest, known) if known else ()),
            *_numbers(manifest, measured),
            *_failures(measured, found_out),
            *_thresholds(manifest, found_out.calibration_error),
            *_section("When it does not know", found_out.doubt),
        ]
    )


def _trained_on(manifest: Manifest, measured: Measured) -> list[str]:
    """Where the model comes from."""
    data = manifest.data
    labels = f"{measured.train_labels} labelled targets on {_area(measured.train_area_m2)} of ground"
    network = f"{manifest.backbone}, from random weights, {measured.chips_seen} chips"
    return [
        "## What it was trained on",
        "",
        f"- Data: {data.name}, licence {data.licence}; sha256 of its files {data.fingerprint[:16]}...",
        f"- Sources: {', '.join(data.sources)}",
        f"- {labels} at {manifest.gsd_m} m a pixel",
        f"- Network: {network}; one score for each {manifest.stride_px} px cell",
        "",
    ]


def _ground_it_knows(manifest: Manifest, known: Known) -> list[str]:
    """Scales and seasons."""
    finest, coarsest = (manifest.gsd_m * 100 / scale for scale in (known.scale_to, known.scale_from))
    beyond = f"Ground coarser than {manifest.gsd_m * 100 * COARSEST:.3g} cm is not assessed."
    return _section(
        "The ground it knows",
        (
            f"{finest:.3g} to {coarsest:.3g} cm a pixel: {manifest.gsd_m * 100:.3g} cm, varied in training. {beyond}",
            f"Taken: {', '.join(known.taken_at) or 'not stated'}. Season: {', '.join(known.seasons) or 'not stated'}.",
            "What else is in it, and what was left out: `datasheet.md`.",
        ),
    )


def _section(heading: str, sentences: tuple[str, ...]) -> list[str]:
    """A heading over a list of sentences; nothing without any."""
    return [f"## {heading}", "", *(f"- {sentence}" for sentence in sentences), ""] if sentences else []


def _failures(measured: Measured, findings: Findings) -> list[str]:
    """What was missed and what was taken for target."""
    recall = measured.plots.recall
    said = [f"{recall.n - recall.hits} of {recall.n} plots were missed."]
    if findings.sizes:
        smallest = findings.sizes[0]
        said.append(
            f"Of the smallest quarter of the plots ({smallest.from_m2:.3g} to {smallest.to_m2:.3g} m2) it finds "
            f"{_share(smallest.recall)}, n = {smallest.recall.n}."
        )
    if findings.false_by_class:
        worst = max(findings.false_by_class, key=lambda name: findings.false_by_class[name])
        total = measured.plots.precision.n - measured.plots.precision.hits
        said.append(
            f"`{worst}` is most often taken for target: {findings.false_by_class[worst]} of {total} false flags."
        )
    return _section("What it fails on", tuple(said))


def _numbers(manifest: Manifest, measured: Measured) -> list[str]:
    """What was measured."""
    cells, plots = measured.cells, measured.plots
    of_cells = f"{cells.target_cells} target of {cells.cells}"
    hits = f"{plots.precision.n} candidates"
    return [
        "## What was measured, on validation ground it was not trained or tuned on",
        "",
        "| | value | n |",
        "|---|---|---|",
        f"| plots found (recall) | {_share(plots.recall)} | {plots.recall.n} plots |",
        f"| candidates that touch a labelled target (precision) | {_share(plots.precision)} | {hits} |",
        f"| false candidates per hectare | {plots.false_per_hectare:.1f} | {_area(plots.area_m2)} |",
        f"| cells: average precision | {cells.average_precision:.3f} | {of_cells} |",
        f"| cells: precision at 90 % recall | {cells.precision_at_90_recall:.3f} | {of_cells} |",
        f"| cells: precision at 95 % recall | {cells.precision_at_95_recall:.3f} | {of_cells} |",
        "",
        "With the data named above these numbers are printed again by",
        f"`plotwatch evaluate --model models/{manifest.name} --data DATASET.toml --role validate --engine torch`.",
        "",
        "Intervals are exact 95 % intervals (Clopper-Pearson). "
        + claim(plots.recall, manifest.thresholds.recall_target),
        "",
    ]


def _thresholds(manifest: Manifest, calibration_error: float | None) -> list[str]:
    """How scores become questions."""
    calibration, thresholds = manifest.calibration, manifest.thresholds
    off = [] if calibration_error is None else [f"- It is off by {calibration_error:.3f} on validation ground (ECE)."]
    line = f"sigmoid({calibration.slope:.3f} x logit {calibration.intercept:+.3f})"
    return [
        "## Thresholds",
        "",
        f"- A candidate starts at a probability of {thresholds.high:.3f} and grows over cells of {thresholds.low:.3f}.",
        f"- {thresholds.basis} It finds {thresholds.n_found} of the {thresholds.n_plots} plots it was set on.",
        f"- Probability = {line}, fitted on {calibration.n_cells} cells of the same ground.",
        *off,
        "",
    ]


def _share(share: Share) -> str:
    """A share with its interval."""
    low, high = share.interval
    return f"{share.value:.3f} ({low:.3f} to {high:.3f})" if share.n else "none"


def _area(area_m2: float) -> str:
    """An area as people say it."""
    return f"{area_m2 / 10_000:.2f} ha" if area_m2 >= 1_000 else f"{area_m2:.0f} m2"  # noqa: PLR2004 - a tenth of a hectare
