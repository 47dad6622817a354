"""Takes away from the calling process what a reader of foreign bytes does not need. Linux only; one way only.

Two kinds of walls. Those that must stand: session, file descriptors, environment, folder, resource limits, no new
privileges, not dumpable; an error there raises and the child ends without reading. And one that stands where the
kernel knows how: a system call filter without sockets, new processes and programs; failing that (an architecture
without a table here), a user and network namespace of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass

from daemon.adapters.reading.wire import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_CLONE_THREAD = 0x00010000
_EPERM = 1
_ENOSYS = 38

_libc = ctypes.CDLL(None, use_errno=True)


# Numbers from the kernel's syscall tables: what a reader may not call, clone3 and clone (see `_filter`).
@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of one architecture, from the kernel's audit.h and system call tables."""

    audit: int
    clone: int
    clone3: int
    forbidden: tuple[int, ...]


_ARCHITECTURES = {
    "x86_64": _Numbers(
        audit=0xC000003E,
        clone=56,
        clone3=435,
        forbidden=(
            *(41, 42, 44, 49, 50, 53),  # socket connect sendto bind listen socketpair
            *(57, 58, 59, 322),  # fork vfork execve execveat
            *(62, 200, 234, 424, 434),  # kill tkill tgkill pidfd_send_signal pidfd_open
            *(101, 310, 311, 298, 321, 323),  # ptrace process_vm_readv/writev perf_event_open bpf userfaultfd
            *(425, 426, 427),  # io_uring_setup/enter/register
            *(308, 165, 272),  # setns mount unshare
            *(248, 249, 250),  # add_key request_key keyctl
        ),
    ),
    "aarch64": _Numbers(
        audit=0xC00000B7,
        clone=220,
        clone3=435,
        forbidden=(
            *(198, 203, 206, 200, 201, 199),
            *(221, 281),
            *(129, 130, 131, 424, 434),
            *(117, 270, 271, 241, 280, 282),
            *(425, 426, 427),
            *(268, 40, 97),
            *(217, 218, 219),
        ),
    ),
}


def confine(folder: str, limits: Limits, keep: tuple[int, ...]) -> tuple[int, ...]:
    """Confine this process for good.

    Args:
        folder: Becomes the working directory; private to this process.
        limits: What may be used.
        keep: Open file descriptors to keep.

    Returns:
        `keep` under the numbers they have now: 3, 4, …; 0 to 2 are /dev/null, everything else is closed.

    Raises:
        OSError: A wall that must stand does not; the process must end.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _default_signals()
    kept = _keep_only(keep)
    os.environ.clear()
    os.chdir(folder)
    os.umask(0o077)
    _limit(limits)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    try:
        _filter()
    except OSError:
        # Second best, and dearer: making and unmaking a network namespace costs the kernel a millisecond each time.
        with contextlib.suppress(OSError):
            _own_namespaces()
    return kept


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _default_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _keep_only(keep: tuple[int, ...]) -> tuple[int, ...]:
    # Two steps, so that no wanted descriptor is overwritten before it is moved.
    base = max(keep, default=0) + len(keep) + 3
    for offset, fd in enumerate(keep):
        os.dup2(fd, base + offset, inheritable=False)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    kept = tuple(range(3, 3 + len(keep)))
    for target, offset in zip(kept, range(len(keep)), strict=True):
        os.dup2(base + offset, target, inheritable=False)
    os.closerange(3 + len(keep), 1 << 20)
    return kept


def _limit(limits: Limits) -> None:
    pairs = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    if os.geteuid() != 0:
        pairs[resource.RLIMIT_NPROC] = limits.processes
    for which, most in pairs.items():
        hard = resource.getrlimit(which)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (value, value))
    # One second between the soft and the hard limit: SIGXCPU tells "time" from other deaths.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))


def _own_namespaces() -> None:
    """A user and a network namespace with nothing in it but a loopback that is down."""
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def _instruction(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    """One struct sock_filter."""
    return struct.pack("=HBBI", code, yes, no, k)


def _filter() -> None:
    """Install a filter: listed calls and new processes give EPERM, foreign architectures kill, the rest passes.

    Threads stay possible: clone with CLONE_THREAD passes, and clone3 (whose flags lie in memory a filter cannot
    see) claims not to exist, on which the C library falls back to clone.
    """
    if platform.machine() not in _ARCHITECTURES:
        raise OSError(_ENOSYS, "no filter for this architecture")
    numbers = _ARCHITECTURES[platform.machine()]
    load, equal, above, bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, absent, kill = 0x7FFF0000, 0x00050000 | _EPERM, 0x00050000 | _ENOSYS, 0x80000000
    program = [
        _instruction(load, 4),  # seccomp_data.arch
        _instruction(equal, numbers.audit, 1, 0),
        _instruction(give, kill),
        _instruction(load, 0),  # seccomp_data.nr
        _instruction(above, 0x40000000, 0, 1),  # the x32 calls of x86-64 carry bit 30
        _instruction(give, kill),
        _instruction(equal, numbers.clone3, 0, 1),
        _instruction(give, absent),
        _instruction(equal, numbers.clone, 0, 4),
        _instruction(load, 16),  # low half of the first argument: the flags
        _instruction(bits, _CLONE_THREAD, 1, 0),
        _instruction(give, refuse),
        _instruction(give, allow),
    ]
    for number in numbers.forbidden:
        program += [_instruction(equal, number, 0, 1), _instruction(give, refuse)]
    program.append(_instruction(give, allow))
    code = ctypes.create_string_buffer(b"".join(program))
    fprog = _Program(len(program), ctypes.cast(code, ctypes.c_void_p))
    if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(fprog), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
