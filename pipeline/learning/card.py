"""The model card: what a model was trained on, what was measured, and what it must not be used for."""

from dataclasses import dataclass

from pipeline.domain.model import Manifest
from pipeline.learning.evaluate import CellNumbers
from pipeline.learning.plots import PlotNumbers, Share, claim

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


def limits_of(*, stand_in: bool, notes: tuple[str, ...]) -> tuple[str, ...]:
    """What a model must not be used for, as whole sentences."""
    return (*(STAND_IN if stand_in else ()), *ALWAYS, *notes)


def write_card(manifest: Manifest, measured: Measured) -> str:
    """The card as Markdown; every number on it was measured on ground that was not trained on."""
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
            *_numbers(manifest, measured),
            *_thresholds(manifest),
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
        "Intervals are exact 95 % intervals (Clopper-Pearson). "
        + claim(plots.recall, manifest.thresholds.recall_target),
        "",
    ]


def _thresholds(manifest: Manifest) -> list[str]:
    """How scores become questions."""
    calibration, thresholds = manifest.calibration, manifest.thresholds
    line = f"sigmoid({calibration.slope:.3f} x logit {calibration.intercept:+.3f})"
    return [
        "## Thresholds",
        "",
        f"- A candidate starts at a probability of {thresholds.high:.3f} and grows over cells of {thresholds.low:.3f}.",
        f"- {thresholds.basis} It finds {thresholds.n_found} of the {thresholds.n_plots} plots it was set on.",
        f"- Probability = {line}, fitted on {calibration.n_cells} cells of the same ground.",
        "",
    ]


def _share(share: Share) -> str:
    """A share with its interval."""
    low, high = share.interval
    return f"{share.value:.3f} ({low:.3f} to {high:.3f})" if share.n else "none"


def _area(area_m2: float) -> str:
    """An area as people say it."""
    return f"{area_m2 / 10_000:.2f} ha" if area_m2 >= 1_000 else f"{area_m2:.0f} m2"  # noqa: PLR2004 - a tenth of a hectare
