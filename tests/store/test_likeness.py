from pathlib import Path

import pytest

from pipeline.store.likeness import likeness_of


def test_a_likeness_differs_where_files_differ_at_either_end_in_the_middle_or_in_length(tmp_path: Path) -> None:
    content = bytearray(5_000_000)
    (tmp_path / "a").write_bytes(content)
    likenesses = {likeness_of(tmp_path / "a")}
    for place in (0, 2_500_000, 4_999_999):
        other = bytearray(content)
        other[place] = 1
        (tmp_path / "b").write_bytes(other)
        likenesses.add(likeness_of(tmp_path / "b"))
    (tmp_path / "b").write_bytes(content + b"\0")
    likenesses.add(likeness_of(tmp_path / "b"))
    assert len(likenesses) == 5


@pytest.mark.parametrize("length", [0, 1, 3, 2**20])
def test_a_short_file_has_a_likeness_too(tmp_path: Path, length: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * length)
    assert len(likeness_of(tmp_path / "a")) == 64
