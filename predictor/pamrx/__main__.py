"""`python -m pamrx`: the same as the script `pamrx`."""

import os
import sys

if not sys.flags.safe_path and sys.path[0] == os.getcwd():
    # `python -m` puts the working directory first on the path; another project's files there must not shadow modules.
    del sys.path[0]

from pamrx.cli.main import main

main()
