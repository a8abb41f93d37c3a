"""Networks this small are slower on two threads than on one, and much slower beside other work."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)
