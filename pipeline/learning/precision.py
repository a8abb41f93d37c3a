"""Whether to multiply in bf16: it halves the time on some processors and doubles it on others."""

import time
from typing import Final

import torch

SIDE: Final = 768
TRIALS: Final = 5
LEAST_GAIN: Final = 1.3


def bf16_pays(wanted: str, device: torch.device) -> bool:
    """Whether ``wanted`` (fp32, bf16 or auto) means bf16 on this machine.

    ``auto`` tries: AVX512_BF16 alone was half as fast as fp32 on a Xeon without AMX and twice as fast on an EPYC of
    the fourth generation (2026-11-24), so that no flag of the processor tells.
    """
    if wanted != "auto":
        return wanted == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if not any(torch.cpu.get_capabilities().get(name, False) for name in ("amx_bf16", "avx512_bf16")):
        return False
    return _seconds(torch.float32) > LEAST_GAIN * _seconds(torch.bfloat16)


def _seconds(kind: torch.dtype) -> float:
    """The shortest of a few matrix products."""
    square = torch.ones(SIDE, SIDE, dtype=kind)
    times = []
    for _ in range(TRIALS):
        since = time.perf_counter()
        torch.mm(square, square)
        times.append(time.perf_counter() - since)
    return min(times)
