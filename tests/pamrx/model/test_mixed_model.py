"""The mixed model against its closed forms, and against data made from it."""

from __future__ import annotations

import numpy as np
import pytest
from pamrx.model import mixed_model
from pamrx.model.mixed_model import Directions, separate


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Kernel, its eigenvalues and vectors, and responses of 300 lines to 6 assays: signal of rank 1, shared noise."""
    random = np.random.default_rng(5)
    features = random.normal(size=(300, 400)) / 20
    kernel = features @ features.T
    signal = (features @ random.normal(size=400))[:, None] * np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.0])
    noise = 0.5 * random.normal(size=(300, 1)) + 0.6 * random.normal(size=(300, 6))
    eigenvalues, vectors = np.linalg.eigh(kernel)
    return kernel, np.maximum(eigenvalues, 0), vectors, signal + noise


def positive(random: np.random.Generator, n: int) -> np.ndarray:
    root = random.normal(size=(n, n))
    result: np.ndarray = root @ root.T + 0.1 * np.eye(n)
    return result


def test_directions_make_both_matrices_diagonal() -> None:
    random = np.random.default_rng(1)
    signal, noise = positive(random, 5), positive(random, 5)
    found = Directions.of(signal, noise)
    np.testing.assert_allclose(found.rotation.T @ noise @ found.rotation, np.eye(5), atol=1e-10)
    np.testing.assert_allclose(found.rotation.T @ signal @ found.rotation, np.diag(found.signal), atol=1e-10)
    np.testing.assert_allclose(found.noise, noise, atol=1e-10)


def test_the_signal_is_the_best_linear_prediction_of_the_whole_covariance() -> None:
    """The same from the (n x assays) covariance of all responses, without eigenvectors or directions."""
    random = np.random.default_rng(2)
    features = random.normal(size=(12, 20))
    kernel, signal, noise = features @ features.T / 20, positive(random, 3), positive(random, 3)
    responses = random.normal(size=(12, 3))
    eigenvalues, vectors = np.linalg.eigh(kernel)
    weights = Directions.of(signal, noise).dual(eigenvalues, vectors, responses)
    whole = np.kron(kernel, signal) + np.kron(np.eye(12), noise)
    expected = np.kron(kernel, signal) @ np.linalg.solve(whole, responses.ravel())
    np.testing.assert_allclose(kernel @ weights, expected.reshape(12, 3), atol=1e-10)


def test_a_step_never_lowers_the_likelihood_where_nothing_is_drawn_to_the_diagonal(
    made: tuple[np.ndarray, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, eigenvalues, vectors, responses = made
    monkeypatch.setattr(mixed_model, "SHRINKAGE", 0.0)
    rotated = vectors.T @ (responses - responses.mean(axis=0))
    likelihood = []
    for steps in range(6):
        monkeypatch.setattr(mixed_model, "STEPS", steps)
        found, _ = separate(eigenvalues, vectors, responses)
        total = eigenvalues[:, None] * found.signal + 1
        log_volume = np.log(total).sum() + 2 * len(responses) * np.linalg.slogdet(found.back)[1]
        likelihood.append(-0.5 * (log_volume + ((rotated @ found.rotation) ** 2 / total).sum()))
    assert (np.diff(likelihood) > 0).all()


def test_an_assay_without_signal_gets_less_than_those_that_share_one(made: tuple[np.ndarray, ...]) -> None:
    kernel, eigenvalues, vectors, responses = made
    scaled = (responses - responses.mean(axis=0)) / responses.std(axis=0)
    found, _ = separate(eigenvalues, vectors, scaled)
    predicted = kernel @ found.dual(eigenvalues, vectors, scaled)
    assert predicted[:, 5].var() < 0.5 * predicted[:, :5].var(axis=0).min()


def test_gaps_are_filled_from_other_assays_and_lines_and_what_is_known_stays(made: tuple[np.ndarray, ...]) -> None:
    _, eigenvalues, vectors, responses = made
    random = np.random.default_rng(3)
    missing = random.random(responses.shape) < 0.3
    missing[0] = True  # a line of which nothing was measured
    guess = np.where(missing, 0.0, responses)
    _, filled = separate(eigenvalues, vectors, guess, missing)
    assert np.array_equal(filled[~missing], responses[~missing])
    truth, found = responses[missing], filled[missing]
    assert np.corrcoef(truth, found)[0, 1] > 0.55
    assert ((truth - found) ** 2).mean() < 0.75 * (truth**2).mean()


def test_the_guess_in_a_gap_hardly_matters(made: tuple[np.ndarray, ...]) -> None:
    _, eigenvalues, vectors, responses = made
    missing = np.random.default_rng(4).random(responses.shape) < 0.2
    found = [separate(eigenvalues, vectors, np.where(missing, guess, responses), missing)[1] for guess in (0.0, 1.0)]
    assert np.abs(found[0] - found[1])[missing].max() < 0.3


@pytest.mark.parametrize("kernel", [np.zeros((30, 30)), np.eye(30)])
def test_lines_that_do_not_differ_or_only_by_themselves_end_in_finite_numbers(kernel: np.ndarray) -> None:
    responses = np.random.default_rng(6).normal(size=(30, 40))  # more assays than lines
    eigenvalues, vectors = np.linalg.eigh(kernel)
    found, filled = separate(eigenvalues, vectors, responses)
    assert np.isfinite(kernel @ found.dual(eigenvalues, vectors, filled - filled.mean(axis=0))).all()
