"""Whether to multiply in bf16: it halves the time of training on some processors and doubles it on others."""

from pathlib import Path

import torch

PROCESSOR = Path("/proc/cpuinfo")


def bf16_pays(wanted: str, device: torch.device, *, processor: Path = PROCESSOR) -> bool:
    """Whether ``wanted`` (fp32, bf16 or auto) means bf16 on this machine.

    ``auto`` is yes with AMX, on CUDA that has it, and with AVX512_BF16 on AMD's processors: that took half the time of
    fp32 on an EPYC of the fourth generation and twice as long on a Xeon without AMX (2026-11-24). The answer depends
    on the machine alone and never on a stop-watch, so that two trainings with one seed are the same.
    """
    if wanted != "auto":
        return wanted == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    said = processor.read_text(encoding="utf-8") if processor.is_file() else ""
    return "amx_bf16" in said or ("avx512_bf16" in said and "AuthenticAMD" in said)
