"""A campaign on drawn farmland from end to end: does retraining on what readers decided find more plots?

    .venv/bin/python tests/simulate_campaign.py --out runs/campaign

A champion that learnt from a few late-summer scenes scans flights of spring. Readers who err at known rates read what
it flags, audited ground and controls, by the use cases that serve the pages; what they settled becomes a challenger by
``plotwatch retrain``. Both are compared on flights of spring that neither saw, by the truth they were drawn from.
Beside it a network learns for as many steps without the decisions, so that more training is not taken for teaching.

Run again it goes on: scenes, trainings and readings that are finished stay. Needs the [train] extra. It leaves
``campaign.json`` in the folder. Roles of flights are dealt by their random ids, so two runs differ a little.
"""

import argparse
import json
import platform
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
import torch
from campaign import Campaign, a_campaign, targets_in_degrees
from databases import opened

from pipeline.domain.progress import say_nothing
from pipeline.domain.watching import Truth
from pipeline.imagery.placing import moved_to_crs
from pipeline.imagery.scenes.spec import SceneSpec, conditions_of
from pipeline.imagery.scenes.writing import write_scene
from pipeline.learning.plan import load_config
from pipeline.learning.plots import count_plots
from pipeline.learning.sources import Role, read_dataset
from pipeline.learning.tradeoff import trade_off
from pipeline.learning.train import train
from pipeline.scanning.bundle import open_bundle
from pipeline.settings import ReviewSettings, ScanSettings, silence_calls_home
from pipeline.store.migration import migrate
from pipeline.store.people import person_named
from pipeline.store.registry import list_models
from pipeline.store.tables import flags
from pipeline.workflow.challenge import GENTLER, Challenge, challenge
from pipeline.workflow.collect_labels import Bureau as Office
from pipeline.workflow.compare_models import Contest, conclude, judge_pairs, record_of
from pipeline.workflow.evaluate import Question, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

GSD_M = 0.04
SIZE_PX = 2048
PLOTS_PER_HA = 40.0
APART_M = 1000.0
LATE, SPRING = (0.6, 1.0), (0.0, 0.4)
ROLES = {"train": 4, "calibrate": 2, "validate": 1}
RATES = {"hit_rate": 0.90, "right_rejection": 0.95}
REDRAWS = 0.5
CONTROLS = 6
RULES = ReviewSettings()
CONFIG = """
name = "early"
data = "DATASET.toml"
gsd_m = {gsd}
steps = {steps}
seed = 1
checkpoint_every = 50

[backbone]
name = "resnet18"
last_stage = 3
width = 0.25

[sampling]
chip_px = 192
batch = 16

[optimisation]
mean_decay = 0.99

[thresholds]
recall_target = 0.80
aim = "conformal"
"""


def seeds(season: tuple[float, float], count: int, *, first: int) -> list[int]:
    """The first ``count`` seeds from ``first`` on whose season lies in a range."""
    found = [seed for seed in range(first, first + 400) if season[0] <= conditions_of(seed).season <= season[1]]
    return found[:count]


def scene(folder: Path, seed: int) -> Path:
    """The folder of a scene, drawn unless it is there; every scene lies a kilometre from the next."""
    path = folder / "scenes" / str(seed)
    if not (path / "scene.json").is_file():
        row, column = divmod(seed, 400)
        place = {"left_m": 300_000.0 + APART_M * column, "top_m": 4_500_000.0 - APART_M * (row - 3)}
        spec = SceneSpec(size_px=SIZE_PX, seed=seed, gsd_m=GSD_M, plots_per_ha=PLOTS_PER_HA, **place)
        write_scene(spec, path, workers=1)
        say(f"scene {seed}")
    return path


def dataset(path: Path, name: str, scenes: list[tuple[str, Path]]) -> Path:
    """A data set of whole scenes, each with its role."""
    lines = ["version = 1", f'name = "{name}"', 'target = ["poppy"]']
    for role, folder in scenes:
        lines += ["[[source]]", f'role = "{role}"', f'field = "scene {folder.name}"']
        lines += [f'orthomosaic = "{folder / "orthomosaic.tif"}"', f'labels = "{folder / "truth.gpkg"}"']
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def early_champion(out: Path, steps: int) -> tuple[Path, Path]:
    """The configuration and the bundle of a champion that learnt from a few scenes of late summer."""
    chosen = iter(seeds(LATE, sum(ROLES.values()), first=1000))
    scenes = [(role, scene(out, next(chosen)).absolute()) for role, count in ROLES.items() for _ in range(count)]
    dataset(out / "champion" / "DATASET.toml", "late summer", scenes)
    config = out / "champion" / "config.toml"
    config.write_text(CONFIG.format(gsd=GSD_M, steps=steps))
    bundle = out / "champion" / "run" / "early"
    if not (bundle / "bundle.json").is_file():
        train(load_config(config), out / "champion" / "run", say_nothing)
        say("champion trained")
    return config, bundle


@contextmanager
def campaign(out: Path, model: Path, flights: list[int], seed: int) -> "Iterator[Office]":
    """The bureau after its campaign, which is read anew unless it was finished."""
    store, done = out / "store", out / "read.json"
    if not done.is_file():
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir(parents=True)
    with opened(f"sqlite:///{store / 'plotwatch.sqlite'}") as database:
        settings_path = store / "settings"
        if done.is_file():
            with database.snapshot() as connection:
                manager = person_named(connection, "wang")
            yield reopened(database, store, model, manager)
            return
        migrate(database)
        made = a_campaign(database, settings_path, model=model, seed=seed, **RATES)
        made.rules = RULES
        made.readers = tuple(replace(reader, redraws=REDRAWS) for reader in made.readers)
        made.bureau = replace(made.bureau, settings=settings_of(made.bureau.settings, model))
        done.write_text(json.dumps(flown_and_read(made, out, flights), indent=1))
        yield made.office()


def settings_of(settings: Any, model: Path) -> Any:
    return replace(settings, model=model, scan=ScanSettings(window_px=1024), review=RULES)


def reopened(database: Any, store: Path, model: Path, manager: Any) -> Office:
    from pipeline.settings import Settings, StoreSettings
    from pipeline.store.files import Files

    data = store / "settings" / "data"
    kept = StoreSettings(data_dir=data, database_url=database.engine.url.render_as_string(hide_password=False))
    settings = settings_of(Settings(store=kept), model)
    return Office(database=database, files=Files(data), settings=settings, person=manager)


def flown_and_read(made: Campaign, out: Path, chosen: list[int]) -> dict[str, Any]:
    """Fly and read; from the second flight on there is known ground to ask about."""
    verdicts = 0
    for number, seed in enumerate(chosen):
        folder = scene(out, seed)
        targets = targets_in_degrees(folder / "truth.gpkg", "poppy")
        flight = made.fly(folder / "orthomosaic.tif", targets)
        if number == 0:
            mark_known(made, flight, folder)
        verdicts += made.read()
        say(f"flight {seed} read, {verdicts} verdicts")
    with made.bureau.database.snapshot() as connection:
        rows = connection.execute(flags.select()).mappings().all()
    asked = Counter(f"{row['origin']} {row['status']}" for row in rows)
    plots = sum(len(shapely.get_parts(geometry)) for geometry in made.truth.values())
    return {"verdicts": verdicts, "items": dict(sorted(asked.items())), "plots_on_the_flights": plots}


def mark_known(made: Campaign, flight: Any, folder: Path) -> None:
    """The manager enters some plots and some clear ground of a flight, which they know, as controls."""
    plots = list(shapely.get_parts(made.truth[flight]))
    held = json.loads((folder / "scene.json").read_text())["spec"]
    clear = [plot for plot in clear_places(held) if not shapely.intersects(plot.buffer(1e-5), made.truth[flight])]
    made.know(flight, Truth.TARGET, plots, most=CONTROLS)
    made.know(flight, Truth.CLEAR, clear, most=CONTROLS)


def clear_places(spec: dict[str, Any]) -> list[Any]:
    """Squares of 3 m all over a scene, in degrees."""
    side = spec["size_px"] * spec["gsd_m"]
    corners = [(x, y) for x in range(15, int(side) - 15, 9) for y in range(15, int(side) - 15, 11)]
    boxes = [
        shapely.box(spec["left_m"] + x, spec["top_m"] - y - 3, spec["left_m"] + x + 3, spec["top_m"] - y)
        for x, y in corners
    ]
    crs = f"EPSG:{spec['epsg']}"
    return [shapely.transform(one, lambda points: moved_to_crs(points, crs, "EPSG:4326")) for one in boxes]


def challenged(
    out: Path, config: Path, champion: Path, held_out: Path, flights: list[int], seed: int
) -> dict[str, Any]:
    """What ``plotwatch retrain`` said of the champion and the one that was taught by the campaign."""
    said = out / "challenger" / "comparison.json"
    with campaign(out, champion, flights, seed) as office:
        with office.database.snapshot() as connection:
            entered = any(model.name == "taught" for model in list_models(connection))
        if not entered:
            what = Challenge(config=config, name="taught", held_out=held_out, recent=3)
            challenge(office, what, said.parent, now=datetime.now(UTC))
    record: dict[str, Any] = json.loads(said.read_text())
    return record


def more_steps(out: Path, config: Path, champion: Path) -> Path:
    """The bundle that as many more steps on the champion's own ground alone make of it."""
    told = load_config(config)
    told = replace(
        told,
        name="more-steps",
        backbone=replace(told.backbone, weights=str((champion / "weights.safetensors").absolute())),
        optimisation=replace(told.optimisation, lr=told.optimisation.lr * GENTLER),
    )
    bundle = out / "more-steps" / "more-steps"
    return bundle if (bundle / "bundle.json").is_file() else train(told, out / "more-steps", say_nothing)


def compared(champion: Path, other: Path, held_out: Path) -> dict[str, Any]:
    """Another model against the champion on the held-out flights, without a shadow run."""
    contest = Contest(champion=champion, challenger=other, held_out=(held_out,))
    pairs = judge_pairs(contest, say_nothing)
    return record_of(contest, pairs, (), conclude(pairs, ()), now=datetime.now(UTC))


def at_as_few_false_flags(models: dict[str, Path], held_out: Path) -> dict[str, Any]:
    """What each model finds where its threshold is set so that it raises no more false flags than the champion does.

    A threshold that was merely lowered finds more, and costs more: this takes the difference away.
    """
    judged = {
        name: judge(
            Question(model=model, data=held_out, role=Role.TEST),
            open_bundle(model),
            read_dataset(held_out),
            say_nothing,
        )
        for name, model in models.items()
    }
    most = count_plots(judged["champion"]).false_flags
    found: dict[str, Any] = {"false_flags_at_most": most}
    for name, one in judged.items():
        allowed = takewhile(lambda setting: setting.numbers.false_flags <= most, trade_off(one))
        best = max((setting.numbers.recall for setting in allowed), key=lambda share: share.hits)
        found[name] = {"found": best.hits, "assessable_plots": best.n}
    return found


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)  # noqa: T201 a script


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/campaign"))
    parser.add_argument("--flights", type=int, default=10)
    parser.add_argument("--held-out", type=int, default=8)
    parser.add_argument("--champion-steps", type=int, default=250)
    parser.add_argument("--steps", type=int, default=250, help="of the challenger")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    silence_calls_home()
    torch.set_num_threads(1)
    out = given.out.absolute()
    config, champion = early_champion(out, given.champion_steps)
    config.write_text(CONFIG.format(gsd=GSD_M, steps=given.steps))
    flown, kept = seeds(SPRING, given.flights, first=1400), seeds(SPRING, given.held_out, first=1800)
    held_out = dataset(out / "held-out" / "DATASET.toml", "kept", [("test", scene(out, seed)) for seed in kept])
    taught = challenged(out, config, champion, held_out, flown, given.seed)
    say(taught["sentence"])
    models = {
        "champion": champion,
        "taught": out / "challenger" / "taught",
        "more_steps": more_steps(out, config, champion),
    }
    record = {
        "machine": platform.platform(),
        "readers": RATES | {"redraws": REDRAWS},
        "campaign": json.loads((out / "read.json").read_text()),
        "taught": taught,
        "more_steps": compared(champion, models["more_steps"], held_out),
        "taught_against_more_steps": compared(models["more_steps"], models["taught"], held_out),
        "at_as_few_false_flags": at_as_few_false_flags(models, held_out),
    }
    (out / "campaign.json").write_text(json.dumps(record, indent=1, ensure_ascii=False))
    say(f"as many steps without the decisions: {record['more_steps']['sentence']}")
    say(f"taught against those: {record['taught_against_more_steps']['sentence']}")
    say(f"plots found at as few false flags: {record['at_as_few_false_flags']}")


if __name__ == "__main__":
    main()
