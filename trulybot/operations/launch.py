"""How a child process starts: as whom, with which rights, and what becomes of it when we die. Linux only."""

import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# From <linux/prctl.h>, <linux/securebits.h> and <linux/capability.h>, which Python does not carry.
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAP_SETPCAP = 8

SYSTEM_USER = "trulybot"

libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """Something in our surroundings is not as it must be; the message is one line for people."""


@dataclass(frozen=True)
class Account:
    """The user that a child runs as when we are root; `capability` is what it keeps of root's rights, if anything."""

    uid: int
    gid: int
    capability: int | None = None


def system_account() -> Account:
    """The system user for what refuses to run as root; made at the first need."""
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = make_system_user()
    return Account(entry.pw_uid, entry.pw_gid)


def make_system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - nobody's input
        return pwd.getpwnam(SYSTEM_USER)  # also when another start was quicker
    except FileNotFoundError:
        reason = "there is no useradd command"
    except KeyError:
        reason = made.stderr.strip()
    raise StartError(f"PostgreSQL refuses to run as root, and a user '{SYSTEM_USER}' cannot be made: {reason}")


def with_reach(account: Account, *, into: Iterable[Path], programs: Iterable[Path]) -> Account:
    """
    The account with the one right it needs to enter folders and run programs that root keeps to itself.

    A checkout below /root or in a private temporary folder is closed to a system user. Opening those folders, or
    copying programs and data out of them, would outlast us; a capability of the one process does not. It lets that
    process read what root reads, and whoever starts us as root has given that to all of our processes already.
    """
    folders = {parent for path in (*into, *programs) for parent in path.resolve().parents}
    closed = [folder for folder in sorted(folders) if not may(account, folder, stat.S_IXOTH)]
    private = [program for program in programs if not may(account, program, stat.S_IXOTH | stat.S_IROTH)]
    if not closed and not private:
        return account

    # Docker grants only the stronger one, which is also the one that runs a program without the right to.
    wanted = (CAP_DAC_OVERRIDE,) if private else (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)
    ours = own_capabilities()
    for capability in wanted:
        if ours & (1 << capability) and ours & (1 << CAP_SETPCAP):
            return Account(account.uid, account.gid, capability)
    raise StartError(
        f"PostgreSQL refuses to run as root, and the user '{SYSTEM_USER}' may not enter {(closed + private)[0]}: "
        "choose another --data-dir or install TrulyBot elsewhere"
    )


def may(account: Account, path: Path, wanted: int) -> bool:
    """Whether the permission bits, given as those for others, let the account in. Access lists are not looked at."""
    found = path.stat()
    shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
    return (found.st_mode >> shift) & wanted == wanted


def own_capabilities() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16)


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    death_signal: signal.Signals,
    account: Account | None = None,
    niceness: int = 0,
    pass_fds: Sequence[int] = (),
    stderr: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that a key pressed in our terminal reaches us alone."""
    return subprocess.Popen(  # noqa: S603 - who calls this decides what runs
        argv,
        env=env,
        stdin=subprocess.DEVNULL,
        # What a child has to say is for the log; our own output says one thing, the address.
        stdout=stderr or sys.stderr,
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=True,
        preexec_fn=entrance(death_signal, account, niceness),  # noqa: PLW1509 - who calls this runs no threads
    )


def entrance(death_signal: signal.Signals, account: Account | None = None, niceness: int = 0) -> Callable[[], None]:
    """What a child does between fork and exec: become the account, and arrange to end when its parent does."""
    parent = os.getpid()

    def enter() -> None:
        os.nice(niceness)
        if account is not None:
            become(account)
        # The kernel forgets this at a change of user, so it comes last. Our own end may have come before it.
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return enter


def become(account: Account) -> None:
    # Lets what we keep survive the change of user, and count in access(2), by which programs look for their own files.
    if account.capability is not None and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot keep a capability")
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.capability is not None:
        keep_only(account.capability)


def keep_only(capability: int) -> None:
    """Keep one capability, across exec too."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    low_then_high = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable
    if libc.capset(header, low_then_high) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot keep a capability")
