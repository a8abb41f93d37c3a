"""Every plot is judged by a model that never saw its ground, and the pooled numbers say so."""

import json
import tomllib
from pathlib import Path

import pytest
from blobs import write_config, write_field

from pipeline.errors import InvalidInputError
from pipeline.workflow.crossvalidate import crossvalidate

pytestmark = pytest.mark.learning

SOURCE = '[[source]]\nrole = "train"\nfield = "{0}"\northomosaic = "{0}/orthomosaic.tif"\nlabels = "{0}/labels.gpkg"\n'


def write(folder: Path, fields: dict[str, int]) -> Path:
    """A configuration whose data are fields of these sizes."""
    lines = 'version = 1\nname = "red squares"\ntarget = ["red"]\n'
    for seed, (name, size) in enumerate(fields.items(), start=1):
        write_field(folder / name, size=size, seed=seed)
        lines += SOURCE.format(name)
    (folder / "DATASET.toml").write_text(lines)
    return write_config(folder, steps=40, every=20)


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-validation over three fields."""
    folder = tmp_path_factory.mktemp("folds")
    crossvalidate(write(folder, {"north": 256, "east": 256, "south": 256}), folder / "out", folds=3)
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


def test_a_cross_validation_that_was_stopped_goes_on(fields: Path) -> None:
    stages: set[str] = set()
    again = crossvalidate(
        fields / "config.toml", fields / "out", lambda progress: stages.add(progress.stage.split(": ")[1]), folds=3
    )
    assert stages == {"calibrate", "validate", "scoring"}
    assert again["plots"] == json.loads((fields / "out" / "crossvalidation.json").read_text())["plots"]


def test_one_field_is_cut_into_blocks_with_a_chip_between(tmp_path: Path) -> None:
    config = write(tmp_path, {"only": 704})
    record = crossvalidate(config, tmp_path / "out", folds=3)
    assert [fold["judged"] for fold in record["folds"]] == [f"only [{left}, 0, 192, 704] px" for left in (0, 256, 512)]
    assert record["plots"]["area_m2"] == pytest.approx(3 * 192 * 704 * 0.02**2)


def test_too_few_fields_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="5 folds need as many fields, there are 2"):
        crossvalidate(write(tmp_path, {"north": 128, "east": 128}), tmp_path / "out", folds=5)
    assert not (tmp_path / "out").exists()
