"""Networks this small are slower on two threads than on one, and much slower beside other work."""

import pytest
import torch
from trained import rest_while_exporting


@pytest.fixture(autouse=True, scope="session")
def one_thread(pytestconfig: pytest.Config) -> None:
    torch.set_num_threads(1)
    rest_while_exporting(pytestconfig)
