"""The command line: words for people and exit codes live here and nowhere else.

Exit codes: 0 ok · 1 found a problem · 2 wrong usage or configuration. With `--json` there is one JSON document on
standard output, logs go to standard error. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run one command; errors of the house become one sentence and an exit code."""
    from daemon.cli.app import app
    from daemon.errors import MeibodError, Refused

    try:
        app(prog_name="meibod")
    except Refused as refusal:
        sys.stderr.write(f"meibod: {refusal}\n")
        sys.exit(1)
    except MeibodError as error:
        sys.stderr.write(f"meibod: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`meibod status | head`): nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
