"""Settings: read once, unknown keys are errors, one plain sentence."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from pipeline.errors import ConflictError, InvalidInputError, NotFoundError, PlotwatchError, exit_code
from pipeline.settings import Settings, UploadLimits, child_environment, load_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "plotwatch.toml"
    path.write_text(text)
    return path


def test_the_file_in_configs_shows_every_key_with_its_default() -> None:
    path = Path(__file__).parents[1] / "configs" / "plotwatch.toml"
    assert load_settings(path) == Settings()
    shown = tomllib.loads(path.read_text())
    for field in dataclasses.fields(Settings):
        part = getattr(Settings(), field.name)
        if dataclasses.is_dataclass(part):
            assert set(shown[field.name]) == {inner.name for inner in dataclasses.fields(part)}
        else:
            assert field.name in shown


def test_a_value_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "[plots]\nleast_area_m2 = 4.0\n"))
    assert settings.plots.least_area_m2 == 4.0
    assert settings.scan == Settings().scan


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[plots]\nleast_aera_m2 = 4\n", "plots.least_aera_m2"),
        ("[scan]\nwindow_px = 'wide'\n", "scan.window_px"),
        ("[scan\n", "is not TOML"),
        ("[scan]\nprecision = 'fp8'\n", "'fp8' is not known"),
        ("[scan]\nwindow_px = 0\n", "window_px must be positive"),
        ("[scan]\nleast_valid_share = 2.0\n", "least_valid_share in"),
        ("[plots]\njoin_within_m = -1.0\n", "must not be negative"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence) as caught:
        load_settings(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no file"):
        load_settings(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plotwatch.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="cannot be read as text"):
        load_settings(tmp_path / "plotwatch.toml")


def test_the_environment_may_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLOTWATCH_CONFIG", str(write(tmp_path, "model = 'models/other'\n")))
    assert load_settings().model == Path("models/other")


def test_a_child_inherits_nothing_it_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "AWS_SECRET_ACCESS_KEY" not in child_environment({"GDAL_PAM_ENABLED": "NO"})


def test_every_family_has_an_exit_code() -> None:
    assert exit_code(InvalidInputError()) == 2
    assert exit_code(NotFoundError("gone")) == 2
    assert exit_code(ConflictError()) == 4
    assert exit_code(PlotwatchError()) == 1
    assert str(InvalidInputError()) == "What was given cannot be used."


@pytest.mark.parametrize("wrong", [{"max_bytes": 0}, {"keep_free_bytes": -1}, {"keep_hours": 0}, {"idle_seconds": -1}])
def test_limits_under_which_nothing_could_be_uploaded_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match="uploads"):
        UploadLimits(**wrong)  # type: ignore[arg-type]
