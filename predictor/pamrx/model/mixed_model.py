"""Signal and noise of many responses at once: a multi-trait mixed model, fitted by expectation-maximisation.

responses = mean + signal + noise, where the signal of two lines covaries as their features are alike (the kernel) and
that of two assays as the matrix `signal` says; the noise is independent between lines and covaries between assays as
`noise` says. Directions in which both matrices are diagonal make of this one ridge regression each, whose penalty is
noise over signal. What a line's other assays and its features say of a gap fills it, so that an assay with many gaps
learns from its neighbours without being taken for well measured.

The algorithm is that of multivariate linear mixed models in genetics (Zhou and Stephens, Nature Methods 2014,
doi:10.1038/nmeth.2848). Stopped early and with its noise matrix drawn towards the diagonal, since 65 assays give more
entries than 750 lines can settle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pamrx.display import short_repr

STEPS = 8
"""Of expectation-maximisation. More steps fit the training lines better, and new lines worse."""

SIGNAL = 0.25
"""Share of the variance that is signal before the first step."""

SHRINKAGE = 0.2
"""Of the noise matrix towards its diagonal, at every step."""

NOTHING = 1e-8
"""An eigenvalue of the kernel below this share of the largest is a direction in which lines do not differ."""


@short_repr
@dataclass(frozen=True)
class Directions:
    """Directions of the responses in which signal and noise are independent, the noise having variance 1.

    Attributes
    ----------
    rotation : (n_assays, n_assays), a column per direction.
    back : its inverse.
    signal : (n_assays,) variance of the signal along each, 0 or more.
    """

    rotation: np.ndarray
    back: np.ndarray
    signal: np.ndarray

    @classmethod
    def of(cls, signal: np.ndarray, noise: np.ndarray) -> Directions:
        """From two (n_assays, n_assays) covariance matrices; `noise` must be positive definite."""
        sizes, axes = np.linalg.eigh(noise)
        whitened = axes / np.sqrt(sizes)
        along, turn = np.linalg.eigh(whitened.T @ signal @ whitened)
        rotation = whitened @ turn
        return cls(rotation, np.linalg.inv(rotation), np.maximum(along, 0.0))

    @property
    def noise(self) -> np.ndarray:
        result: np.ndarray = self.back.T @ self.back
        return result

    def kept(self, eigenvalues: np.ndarray) -> np.ndarray:
        """(n_lines, n_assays) share of the signal in what is observed, by direction of lines and of responses."""
        size = eigenvalues[:, None] * self.signal
        result: np.ndarray = size / (size + 1.0)
        return result

    def dual(self, eigenvalues: np.ndarray, vectors: np.ndarray, deviations: np.ndarray) -> np.ndarray:
        """(n_lines, n_assays) weights of the training lines: kernel with new lines times these is their signal."""
        rotated = vectors.T @ (deviations @ self.rotation)
        result: np.ndarray = vectors @ (rotated * self.signal / (eigenvalues[:, None] * self.signal + 1.0)) @ self.back
        return result


def separate(
    eigenvalues: np.ndarray, vectors: np.ndarray, responses: np.ndarray, missing: np.ndarray | None = None
) -> tuple[Directions, np.ndarray]:
    """Estimate signal and noise, and fill the gaps.

    Parameters
    ----------
    eigenvalues, vectors : (n_lines,) and (n_lines, n_lines), of the kernel over the training lines, 0 or more.
    responses : (n_lines, n_assays) of about unit variance; gaps hold a first guess.
    missing : (n_lines, n_assays) where the gaps are; None fills nothing.

    Returns
    -------
    The directions, and the responses with gaps filled.
    """
    filled = responses.copy()
    gaps = [] if missing is None else _patterns(missing)
    deviations = filled - filled.mean(axis=0)
    total = deviations.T @ deviations / len(filled)
    signal, noise = SIGNAL * total / (eigenvalues.mean() or 1.0), (1 - SIGNAL) * total
    for _ in range(STEPS):
        directions = Directions.of(signal, _shrunk(noise))
        if gaps:
            _fill(filled, gaps, directions, eigenvalues, vectors)
            deviations = filled - filled.mean(axis=0)
        signal, noise = _maximised(directions, eigenvalues, vectors.T @ deviations)
    return Directions.of(signal, _shrunk(noise)), filled


def _maximised(
    directions: Directions, eigenvalues: np.ndarray, deviations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Signal and noise that make the expected likelihood largest; `deviations` along the kernel's eigenvectors."""
    n, size = len(deviations), directions.signal
    differ = eigenvalues > NOTHING * eigenvalues.max()
    rotated, kept = deviations @ directions.rotation, directions.kept(eigenvalues)
    # Signal over the eigenvalue; where lines do not differ nothing was learned, and the variance stays.
    per_line = (size / (eigenvalues[:, None] * size + 1.0))[differ]
    mean = per_line * rotated[differ]
    signal = (mean * eigenvalues[differ, None]).T @ mean
    signal += np.diag(per_line.sum(axis=0) + size * (~differ).sum())
    rest = (1.0 - kept) * rotated
    noise = rest.T @ rest + np.diag(kept.sum(axis=0))
    back = directions.back
    return back.T @ signal @ back / n, back.T @ noise @ back / n


def _shrunk(noise: np.ndarray) -> np.ndarray:
    result: np.ndarray = (1 - SHRINKAGE) * noise + SHRINKAGE * np.diag(np.diag(noise))
    return result


def _patterns(missing: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lines that lack the same assays, and which those are."""
    kinds, of_line = np.unique(missing, axis=0, return_inverse=True)
    return [(np.flatnonzero(of_line.ravel() == place), kind) for place, kind in enumerate(kinds) if kind.any()]


def _fill(
    filled: np.ndarray,
    gaps: list[tuple[np.ndarray, np.ndarray]],
    directions: Directions,
    eigenvalues: np.ndarray,
    vectors: np.ndarray,
) -> None:
    """Put the expected value into each gap: the line's signal, and what its noise elsewhere says of the noise there."""
    mean, noise = filled.mean(axis=0), directions.noise
    rotated = vectors.T @ ((filled - mean) @ directions.rotation)
    expected = mean + (vectors @ (rotated * directions.kept(eigenvalues))) @ directions.back
    for lines, gap in gaps:
        rest = filled[np.ix_(lines, ~gap)] - expected[np.ix_(lines, ~gap)]
        along = np.linalg.solve(noise[np.ix_(~gap, ~gap)], noise[np.ix_(~gap, gap)])
        filled[np.ix_(lines, gap)] = expected[np.ix_(lines, gap)] + rest @ along
