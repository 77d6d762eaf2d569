"""How errors reach the user: one clear line that names the thing and says what to do."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class GanalyzeError(Exception):
    """Something the user can put right. Its text is the one line they read."""


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn expected failures of a command into one line on stderr and exit status 1.

    Programming errors keep their traceback: they are ours to see.
    """
    try:
        yield
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
