"""Entry of the ``ondol`` command: Ctrl-C is quiet from the first moment, while the parts are loaded."""

import sys


def main() -> None:
    """Load the command and run it."""
    try:
        from ondol.serve.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
