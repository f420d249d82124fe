"""What is inside a file of torch: a program, or a pickle?

``torch.jit.save`` and ``torch.save`` both write zip archives, and both are named ``.pt``. A program
(TorchScript) has a folder ``code`` and ``constants.pkl``; anything else is a pickle. Only the list
of names in the archive is read.
"""

import zipfile
from pathlib import Path


def holds_torchscript(path: Path) -> bool:
    """Return whether a file is a TorchScript archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = {name.partition("/")[2] for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return False
    return "constants.pkl" in inside and any(name.startswith("code/") for name in inside)
