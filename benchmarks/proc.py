"""What Linux knows of a process (https://man7.org/linux/man-pages/man5/proc.5.html)."""

import os
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Processor seconds so far, in user mode and in the kernel, all threads."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory now, in 10^6 bytes."""
    return _status_mb(pid, "VmRSS")


def peak_memory_mb(pid: int) -> float:
    """The most that was ever resident, in 10^6 bytes."""
    return _status_mb(pid, "VmHWM")


def _status_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) * 1024 / 1e6
