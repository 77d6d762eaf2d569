"""How errors reach the user: one clear line that names the thing and says what to do."""

import errno
import glob
import os
import platform
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path


class GanalyzeError(Exception):
    """Something the user can put right. Its text is the one line they read."""


def run_command(main: Callable[[], None]) -> None:
    """Run a script's `main`, turning expected failures into one line on stderr and exit status 1.

    Programming errors keep their traceback: they are ours to see.
    """
    try:
        main()
    except GanalyzeError as error:
        sys.exit(f"error: {' '.join(str(error).split())}")
    except OSError as error:
        sys.exit(f"error: {_explain(error)}")
    except KeyboardInterrupt:
        sys.exit("interrupted: what was finished is kept, run the same command again to go on")


def _explain(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left on the disk{place}: free some space and run the same command again"
    if error.errno == errno.ENOENT:
        return f"file not found{place}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"permission denied{place}"
    return f"{error.strerror or error}{place}"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def written_whole(path: Path | str):
    """Yield a temporary name beside `path`; rename it into place on success, remove it on failure.

    So no reader ever meets a half-written file, whatever kills the writer. The folder is made where it
    is missing, and what a writer on this machine left that was killed is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Machine and process keep jobs that write the same file apart; the suffix stays, since writers read it.
    before, after = f".{path.stem}.{platform.node()}.", f".part{path.suffix}"
    for left in path.parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        writer = left.name.removeprefix(before).removesuffix(after)
        if writer.isdigit() and not _is_alive(int(writer)):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f"{before}{os.getpid()}{after}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
