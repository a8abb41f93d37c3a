"""What every test may ask for."""

from pathlib import Path

import pytest

from pipeline.settings import in_continuous_integration, silence_calls_home

silence_calls_home()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real imagery beside the checkout; skips elsewhere, fails in CI."""
    if not SHARED_DATA.is_dir():
        if in_continuous_integration():
            pytest.fail(f"{SHARED_DATA} must be there in CI")
        pytest.skip(f"no real imagery at {SHARED_DATA}")
    return SHARED_DATA
