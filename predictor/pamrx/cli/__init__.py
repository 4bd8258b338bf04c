"""The `pamrx` command: one module per group of commands, which parses, calls one function and prints.

Heavy imports stay inside each command. Modules that declare options hold their annotations as objects, without
`from __future__ import annotations`: typer reads them at every start, and text would have to be evaluated first.
"""
