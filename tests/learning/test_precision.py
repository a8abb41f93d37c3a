"""Half precision where it pays, by what the processor says of itself."""

from pathlib import Path

import pytest
import torch

from pipeline.learning.precision import bf16_pays

pytestmark = pytest.mark.learning

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("said", "pays"),
    [
        ("vendor_id : GenuineIntel\nflags : avx512_bf16 amx_bf16", True),
        ("vendor_id : GenuineIntel\nflags : avx512_bf16", False),
        ("vendor_id : AuthenticAMD\nflags : avx512_bf16", True),
        ("vendor_id : AuthenticAMD\nflags : avx2", False),
    ],
)
def test_auto_goes_by_the_processor(tmp_path: Path, said: str, pays: bool) -> None:
    (tmp_path / "cpuinfo").write_text(said)
    assert bf16_pays("auto", CPU, processor=tmp_path / "cpuinfo") is pays
    assert bf16_pays("auto", CPU, processor=tmp_path / "none") is False


def test_what_is_asked_for_is_done() -> None:
    assert bf16_pays("bf16", CPU)
    assert not bf16_pays("fp32", CPU)
