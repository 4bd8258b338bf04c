"""`python -m pamrx`."""

from pamrx.cli.main import main

main()
