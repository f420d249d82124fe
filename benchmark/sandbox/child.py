"""The first lines that run in the child process: put up the walls, then serve.

The process is started as ``python -m benchmark.sandbox.child SOCKET JSON``. Nothing beyond the
standard library is imported before the walls stand.
"""

import json
import sys

from benchmark.sandbox.limits import Limits
from benchmark.sandbox.walls import put_up


def main() -> None:
    """Put up the walls, open the model and answer calls until the harness hangs up."""
    socket_number, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    limits = Limits(**settings["limits"])
    walls = put_up(settings["folder"], limits)

    from benchmark.sandbox.serving import serve

    serve(socket_number, walls, limits)


if __name__ == "__main__":
    main()
