"""A bundle may come from anyone: what differs, is missing or reaches elsewhere is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from bundles import ACCEPTED, FAMILIARITY, MANIFEST, red_graph, write_bundle, write_knowing_bundle
from onnx import TensorProto, helper

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.scanning.bundle import open_bundle


def tampered(folder: Path, **changes: object) -> Path:
    write_bundle(folder)
    path = folder / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_a_whole_bundle_opens_with_what_it_says_of_itself(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "red"))
    assert bundle.manifest.thresholds == MANIFEST.thresholds
    assert len(bundle.sha256) == 64


def test_an_int8_network_is_opened_only_where_its_gate_accepted_it(tmp_path: Path) -> None:
    refused = replace(ACCEPTED, accepted=False)
    graph = red_graph(gain=0.1)
    assert open_bundle(write_bundle(tmp_path / "a", int8_graph=graph, int8=ACCEPTED)).int8_graph is not None
    assert open_bundle(write_bundle(tmp_path / "b", int8_graph=graph, int8=refused)).int8_graph is None
    assert open_bundle(write_bundle(tmp_path / "c", int8_graph=graph)).int8_graph is None
    with pytest.raises(InvalidInputError, match="has no model.int8.onnx"):
        open_bundle(write_bundle(tmp_path / "d", int8=ACCEPTED))


def test_an_int8_network_must_be_whole_too(tmp_path: Path) -> None:
    graph = red_graph()
    graph.graph.output[0].name = "answers"
    with pytest.raises(InvalidInputError, match="model.int8.onnx must take 'pixels' and give 'logits'"):
        open_bundle(write_bundle(tmp_path / "odd", int8_graph=graph, int8=ACCEPTED))


def test_no_bundle_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no model bundle"):
        open_bundle(tmp_path)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "red")
    (folder / "card.md").write_text("# Another card\n")
    with pytest.raises(InvalidInputError, match="card.md is not the file the bundle was made with"):
        open_bundle(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "red")
    (folder / "model.onnx").unlink()
    with pytest.raises(InvalidInputError, match="lacks its model.onnx"):
        open_bundle(folder)


def test_a_bundle_that_knows_its_ground_gives_a_distance(tmp_path: Path) -> None:
    assert open_bundle(write_knowing_bundle(tmp_path / "knowing")).manifest.familiarity == FAMILIARITY
    with pytest.raises(InvalidInputError, match="give 'logits' and 'distance', it has"):
        open_bundle(write_bundle(tmp_path / "without", version=2, familiarity=FAMILIARITY))


def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "red")
    (folder / "card.md").rename(tmp_path / "card.md")
    (folder / "card.md").symlink_to(tmp_path / "card.md")
    with pytest.raises(InvalidInputError, match="lacks its card.md"):
        open_bundle(folder)


@pytest.mark.parametrize("name", ["weights.pkl", "weights.pt", "../secret", "/etc/passwd", "sub/model.onnx"])
def test_a_file_of_another_kind_or_place_is_never_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match="only .* are ever read"):
        open_bundle(tampered(tmp_path / "red", files={name: "0" * 64}))


def test_a_bundle_without_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="has no model.onnx"):
        open_bundle(tampered(tmp_path / "red", files={}))


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"version": 1}', "[" * 100_000])
def test_a_manifest_that_is_none_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    folder = write_bundle(tmp_path / "red")
    (folder / "bundle.json").write_text(text)
    with pytest.raises(InvalidInputError) as caught:
        open_bundle(folder)
    assert "\n" not in str(caught.value)


def test_a_manifest_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "red")
    (folder / "bundle.json").write_text(" " * 1_100_000)
    with pytest.raises(InvalidInputError, match="too large"):
        open_bundle(folder)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="suspect"):
        open_bundle(tampered(tmp_path / "red", suspect="nobody"))


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="not an ONNX network|must take 'pixels'"):
        open_bundle(write_bundle(tmp_path / "red", graph=b"\x80\x04\x95 a pickle"))


def test_weights_kept_outside_the_file_are_refused_and_never_read(tmp_path: Path) -> None:
    graph = red_graph()
    weights = graph.graph.initializer[0]
    onnx.external_data_helper.set_external_data(weights, location="../../../etc/passwd")
    weights.ClearField("raw_data")
    with pytest.raises(InvalidInputError, match="keeps its weights in other files"):
        open_bundle(write_bundle(tmp_path / "red", graph=graph))


def test_weights_kept_outside_are_found_in_attributes_too(tmp_path: Path) -> None:
    graph = red_graph()
    constant = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "hidden")
    onnx.external_data_helper.set_external_data(constant, location="secret")
    constant.ClearField("raw_data")
    graph.graph.node.append(helper.make_node("Constant", [], ["hidden"], value=constant))
    with pytest.raises(InvalidInputError, match="keeps its weights in other files"):
        open_bundle(write_bundle(tmp_path / "red", graph=graph))


def test_a_network_of_other_inputs_is_refused(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["image"], ["y"])], "g", [value], [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    ])  # fmt: skip
    with pytest.raises(InvalidInputError, match="must take 'pixels'"):
        open_bundle(write_bundle(tmp_path / "red", graph=helper.make_model(graph)))
