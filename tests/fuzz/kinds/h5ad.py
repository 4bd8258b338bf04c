"""AnnData files, spoilt in their groups, types, names and indices, and by bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.fuzz.case import Case, Kind, by_content
from tests.fuzz.kinds.layouts import GENES, SAMPLES, TISSUES, asked, levels, scored
from tests.fuzz.tokens import label
from tests.pamrx.readers.matrices.test_h5ad import put_text

ENCODINGS = ("string-array", "nullable-string-array", "categorical")


def _h5ad(random: Random, folder: Path) -> Case:
    import h5py

    unit = random.choice(("log2", "counts"))
    values = np.array(levels(random, unit, len(SAMPLES), len(GENES)), dtype=np.float32)
    with h5py.File(folder / "x.h5ad", "w") as root:
        root.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        _matrix(random, root, "X", values)
        encoding = random.choice(ENCODINGS)
        for axis, names in (("obs", SAMPLES), ("var", GENES)):
            group = root.create_group(axis)
            group.attrs.update({"_index": "_index", "encoding-type": "dataframe", "encoding-version": "0.2.0"})
            put_text(group, "_index", names, encoding)
            group.attrs["column-order"] = np.array([], dtype=h5py.string_dtype())
        if random.random() < 0.6:
            put_text(root["obs"], "tissue", [random.choice(TISSUES) for _ in SAMPLES], "categorical")
            root["obs"].attrs["column-order"] = ["tissue"]
        layered = random.choice(("", "", "", "::more"))
        if layered or random.random() < 0.2:
            _matrix(random, root.create_group("layers"), "more", values + 1)
    if random.random() < 0.55:
        return scored(f"x.h5ad{layered}", ["x.h5ad"])
    return asked(random, {"expression": f"x.h5ad{layered}"})


def _matrix(random: Random, root: Any, name: str, values: np.ndarray) -> None:
    from scipy import sparse

    form = random.choice(("dense", "csr", "csc"))
    if form == "dense":
        chunked = {"chunks": True, "compression": "gzip"} if random.random() < 0.3 else {}
        root.create_dataset(name, data=values, **chunked).attrs.update({"encoding-type": "array"})
        return
    held = sparse.csr_matrix(values) if form == "csr" else sparse.csc_matrix(values)
    group = root.create_group(name)
    group.attrs.update({"encoding-type": f"{form}_matrix", "encoding-version": "0.1.0", "shape": values.shape})
    for part in ("data", "indices", "indptr"):
        group[part] = getattr(held, part)


def _spoil(random: Random, folder: Path, case: Case) -> Case:
    import h5py

    if random.random() < 0.3:
        return by_content(random, folder, case)
    with h5py.File(folder / "x.h5ad", "a") as root:
        for _ in range(random.choice((1, 1, 2))):
            random.choice(_CHANGES)(random, root)
    return case


def _all(root: Any, wanted: Callable[[Any], bool] = lambda one: True) -> list[str]:
    """The names of all groups and sets of data, sorted; those reached by a link that leads nowhere are left out."""
    found: list[str] = []
    root.visititems(lambda name, one: found.append(name) if wanted(one) else None)
    return sorted(found)


def _data(root: Any) -> list[str]:
    return _all(root, lambda one: hasattr(one, "dtype"))


def _gone(random: Random, root: Any) -> None:
    names = _all(root)
    if names:
        del root[random.choice(names)]


def _attribute(random: Random, root: Any) -> None:
    """An attribute that is gone, or of another value or type."""
    name = random.choice(["/", *_all(root)])
    attributes = root[name].attrs
    known = sorted(attributes)
    key = random.choice([*known, "encoding-type", "_index", "shape"])
    if key in known and random.random() < 0.3:
        del attributes[key]
        return
    odd = (
        3,
        -1,
        2.5,
        b"\xff\xfe",
        "x",
        "",
        "csr_matrix",
        "categorical",
        "array",
        "raw",
        (2, 3),
        (10**9, 10**9),
        (-1, 3),
    )
    attributes[key] = random.choice(odd)


def _other_data(random: Random, root: Any) -> None:
    """In place of a column or matrix: numbers, text, dates, bytes, a scalar, nothing, or a wrong number of axes."""
    import h5py

    names = _data(root)
    if not names:
        return
    name = random.choice(names)
    size = root[name].shape[0] if root[name].shape else 1
    del root[name]
    text = h5py.string_dtype()
    odd: tuple[Callable[[], Any], ...] = (
        lambda: np.arange(size),
        lambda: np.arange(size, dtype=np.uint64) + np.uint64(2**63),
        lambda: np.full(size, np.nan),
        lambda: np.full(size, -1, dtype=np.int8),
        lambda: np.full(size, 10**9),
        lambda: np.zeros((size, 2, 2)),
        lambda: np.zeros(0),
        lambda: np.float64(3),
        lambda: np.ones(size, dtype=bool),
        lambda: np.ones(size, dtype=complex),
        lambda: np.array([b"\xff\xfe"] * size),
        lambda: np.zeros(size, dtype=[("a", "i4"), ("b", "f8")]),
        lambda: np.zeros(size, dtype="V8"),
        lambda: np.arange(size + 2, dtype=np.float32),
        lambda: h5py.Empty("f8"),
    )
    if random.random() < 0.3:
        words = [label(random).replace("\0", "") for _ in range(size)]
        root.create_dataset(name, data=words, dtype=text)
    else:
        root[name] = random.choice(odd)()


def _cell(random: Random, root: Any) -> None:
    """One number, code, index or name in place of another."""
    names = [name for name in _data(root) if root[name].shape and root[name].size]
    if not names:
        return
    found = root[random.choice(names)]
    place = tuple(random.randrange(size) for size in found.shape)
    try:
        if found.dtype.kind in "fc":
            found[place] = random.choice((np.nan, np.inf, -np.inf, 1e30, -5.0, 1e300))
        elif found.dtype.kind in "iub":
            found[place] = random.choice((-1, 0, 1, 5, 100, 127))
        elif found.dtype.kind == "O":
            found[place] = label(random).replace("\0", "")
    except (ValueError, TypeError, OverflowError):
        return  # the type has no such value


def _same_name(random: Random, root: Any) -> None:
    names = [name for name in _data(root) if root[name].dtype.kind == "O" and root[name].size > 1]
    if names:
        found = root[random.choice(names)]
        found[1] = found[0]


def _link(random: Random, root: Any) -> None:
    """A link to nowhere, to itself, or to another file."""
    import h5py

    names = _all(root)
    if not names:
        return
    name = random.choice(names)
    del root[name]
    root[name] = random.choice(
        (h5py.SoftLink("/absent"), h5py.SoftLink(f"/{name}"), h5py.SoftLink("/"), h5py.ExternalLink("x.h5ad", "/X"),
         h5py.ExternalLink("/dev/zero", "/X"), h5py.ExternalLink("absent.h5ad", "/X"))
    )  # fmt: skip


def _group_for_data(random: Random, root: Any) -> None:
    names = _all(root)
    if names:
        name = random.choice(names)
        del root[name]
        root.create_group(name)


def _huge(random: Random, root: Any) -> None:
    """Chunks that were never written: petabytes on paper."""
    names = _data(root)
    if names:
        name = random.choice(names)
        kind = root[name].dtype
        del root[name]
        shape = random.choice(((10**9,), (10**6, 10**6), (3, 10**8), (10**8, 12), (2**40,)))
        root.create_dataset(name, shape, dtype=kind, chunks=tuple(min(size, 1000) for size in shape))


_CHANGES = (
    _gone, _attribute, _attribute, _other_data, _other_data, _other_data, _cell, _cell, _cell, _same_name, _link,
    _group_for_data, _huge,
)  # fmt: skip

KINDS = (Kind("h5ad", 80, _h5ad, _spoil),)
