"""Hostile and damaged inputs, made at random from valid ones, and what pamrx makes of them.

```
make fuzz                                  10,000 cases of all kinds, in forked workers; goes on where it was stopped
make fuzz FUZZ_CASES=500                   fewer
make fuzz FUZZ_ARGS='--kind maf'           one kind
python -m tests.fuzz maf 123               one case again, with what it printed; its files are kept in --keep FOLDER
```

A case is a pure function of its kind and its seed: a small valid input in the layout of its source, in which a few
things are changed, by structure (a header doubled, a cell in place of another, a page of HDF5 gone) or by bytes. It
goes through the command line (`check`, `predict`, `score`), or, of kind `request`, through the server's model without
a socket.

What counts as a fault, and nothing else may happen:

- `traceback`: an exception that left the program, an exit code but 0 and 2, or a process that crashed;
- `message`: refused without exactly one line of error;
- `hang`: more than 20 seconds of CPU time, or of waiting;
- `memory`: more than 2 GB above what the process had before;
- `left behind`: a changed input, a file that nobody asked for, or an output that is there in part;
- `raw control character`: on the terminal, from a file.

`make.py` and `kinds/` make cases, `child.py` runs them, `judge.py` says what was wrong, `pool.py` has the workers and
`results.py` the file of results, by which a run that was stopped goes on.
"""
