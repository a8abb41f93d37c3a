"""Networks this small are slower on two threads than on one, and much slower beside other work."""

import pytest
from trained import rest_while_exporting


@pytest.fixture(autouse=True, scope="module")
def one_thread(request: pytest.FixtureRequest) -> None:
    """Tests that train compute on one thread; tests that need no torch do not load it."""
    if request.node.get_closest_marker("learning"):
        import torch

        torch.set_num_threads(1)
        rest_while_exporting(request.config)
