"""Every plot is judged by a model that never saw its ground, and the pooled numbers say so."""

import json
import tomllib
from pathlib import Path

import pytest
from blobs import write_config, write_field

from pipeline.domain.geometry import Size
from pipeline.domain.progress import Progress
from pipeline.errors import InvalidInputError
from pipeline.learning.folds import fold_toml
from pipeline.learning.labels import read_grounds
from pipeline.learning.plan import load_config
from pipeline.learning.sources import Role, read_dataset
from pipeline.workflow.crossvalidate import crossvalidate, cut

pytestmark = pytest.mark.learning

SOURCE = '[[source]]\nrole = "train"\nfield = "{0}"\northomosaic = "{0}/orthomosaic.tif"\nlabels = "{0}/labels.gpkg"\n'


def write(folder: Path, fields: dict[str, int]) -> Path:
    """A configuration whose data are fields of these sizes."""
    lines = 'version = 1\nname = "red squares"\ntarget = ["red"]\n'
    for seed, (name, size) in enumerate(fields.items(), start=1):
        write_field(folder / name, size=size, seed=seed)
        lines += SOURCE.format(name)
    (folder / "DATASET.toml").write_text(lines)
    return write_config(folder, steps=35, every=20)


class StoppedError(Exception):
    """What kills a cross-validation in a test."""


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-validation over three fields, killed in its first training five steps after it searched, and begun again.

    ``first.txt`` is the first thing that the second run said.
    """
    folder = tmp_path_factory.mktemp("folds")
    config = write(folder, {"north": 256, "east": 256, "south": 256})

    def kill(progress: Progress) -> None:
        if progress.done == 30:
            raise StoppedError

    with pytest.raises(StoppedError):
        crossvalidate(config, folder / "out", kill, folds=3)
    said: list[Progress] = []
    crossvalidate(config, folder / "out", said.append, folds=3)
    (folder / "first.txt").write_text(f"{said[0].stage}: {said[0].done}")
    return folder


def test_all_plots_are_pooled_and_each_is_judged_once(fields: Path) -> None:
    record = json.loads((fields / "out" / "crossvalidation.json").read_text())
    assert sorted(fold["judged"] for fold in record["folds"]) == ["east", "north", "south"]
    for number in ("hits", "n"):
        assert record["plots"]["recall"][number] == sum(fold["plots"]["recall"][number] for fold in record["folds"])
    assert record["plots"]["recall"]["n"] > 10
    assert record["plots"]["area_m2"] == pytest.approx(3 * 256**2 * 0.02**2)


def test_no_model_saw_or_was_set_on_the_field_it_judges(fields: Path) -> None:
    for number in (1, 2, 3):
        fold = tomllib.loads((fields / "out" / f"fold-{number}" / "DATASET.toml").read_text())
        roles = {source["field"]: source["role"] for source in fold["source"]}
        assert sorted(roles.values()) == ["calibrate", "train", "validate"]
        (judged,) = (name for name, role in roles.items() if role == "validate")
        manifest = json.loads((fields / "out" / f"fold-{number}" / "run" / "red" / "bundle.json").read_text())
        assert f"{judged} (validate)" in manifest["data"]["sources"]


def test_the_page_has_the_folds_in_both_languages(fields: Path) -> None:
    text = (fields / "out" / "crossvalidation.html").read_text(encoding="utf-8")
    assert "Each plot is judged by a model that never saw its ground" in text
    assert "交叉验证报告" in text
    assert text.count('lang="en"') - 1 == text.count('lang="zh-Hans"')


def test_a_cross_validation_that_was_stopped_goes_on_at_its_checkpoint(fields: Path) -> None:
    assert (fields / "first.txt").read_text() == "fold 1 of 3: train: 26"


def test_one_field_is_cut_into_blocks_with_a_chip_between(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, {"only": 704}))
    dataset = read_dataset(config.data)
    parts = cut(dataset, config, 3)
    assert [part.name for part in parts] == [f"only [{left}, 0, 192, 704] px" for left in (0, 256, 512)]
    data = tmp_path / "fold" / "DATASET.toml"
    data.parent.mkdir()
    data.write_text(fold_toml(dataset, parts, 1, data.parent))
    grounds = {ground.role: ground for ground in read_grounds(read_dataset(data), model_gsd_m=config.gsd_m)}
    assert grounds[Role.VALIDATE].left_px == 256
    assert {role: ground.size for role, ground in grounds.items()} == dict.fromkeys(
        (Role.TRAIN, Role.CALIBRATE, Role.VALIDATE), Size(width_px=192, height_px=704)
    )


def test_too_few_fields_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="5 folds need as many fields, there are 2"):
        crossvalidate(write(tmp_path, {"north": 128, "east": 128}), tmp_path / "out", folds=5)
    assert not (tmp_path / "out").exists()
