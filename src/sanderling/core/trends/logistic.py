"""Logistic regression of counts in time: finite without bad outcomes, honest about scatter.

Firth's penalty (Biometrika 80, 1993) takes out the first-order bias and keeps the estimate finite;
the covariance is stretched by the dispersion (Pearson's chi-square over its freedom, at least 1)
and by how much neighbouring weeks resemble each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

STEPS_MAX: Final = 100
STEP_MAX: Final = 3.0  # of a coefficient at once
CLOSE: Final = 1e-8
RESEMBLANCE_MAX: Final = 0.8
FREEDOM_MIN: Final = 3.0

Vector = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients with their covariance (scatter counted in) and degrees of freedom."""

    coefficients: Vector
    covariance: npt.NDArray[np.float64]
    freedom: float
    dispersion: float
    resemblance: float


def fit_counts(
    design: npt.NDArray[np.float64], counts: Vector, bad: Vector, series: Sequence[Rows]
) -> Fit:
    """Fit bad / counts on the columns of `design`; `series`: the rows of each, in time."""
    coefficients = _estimated(design, counts, bad)
    shares = _shares(design, coefficients)
    weight = counts * shares * (1 - shares)
    covariance = np.linalg.inv((design.T * weight) @ design)
    size, width = design.shape
    residuals = (bad - counts * shares) / np.sqrt(np.maximum(weight, 1e-9))
    dispersion = max(1.0, float((residuals**2).sum()) / max(size - width, 1))
    resemblance = _resemblance(residuals, series, width)
    stretch = (1 + resemblance) / (1 - resemblance)
    return Fit(
        coefficients,
        covariance * dispersion * stretch,
        max(FREEDOM_MIN, (size - width) / stretch),
        dispersion,
        resemblance,
    )


def _shares(design: npt.NDArray[np.float64], coefficients: Vector) -> Vector:
    shares: Vector = 1.0 / (1.0 + np.exp(-np.clip(design @ coefficients, -30, 30)))
    return shares


def _estimated(design: npt.NDArray[np.float64], counts: Vector, bad: Vector) -> Vector:
    """Return the coefficients at which Firth's score is zero."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(STEPS_MAX):
        shares = _shares(design, coefficients)
        weight = counts * shares * (1 - shares)
        inverse = np.linalg.inv((design.T * weight) @ design)
        leverage = weight * np.einsum("ij,jk,ik->i", design, inverse, design)
        score = design.T @ (bad - counts * shares + leverage * (0.5 - shares))
        step = inverse @ score
        largest = float(np.abs(step).max())
        if largest > STEP_MAX:
            step *= STEP_MAX / largest
        coefficients = coefficients + step
        if largest < CLOSE:
            break
    return coefficients


def _resemblance(residuals: Vector, series: Sequence[Rows], width: int) -> float:
    """Return the lag-1 autocorrelation of the residuals, 0 at least.

    Fitted coefficients make neighbours look less alike than they are: by one week's share each,
    and by one more.
    Residuals smaller than chance makes them are no evidence of anything.
    """
    products = sum(float(residuals[rows][1:] @ residuals[rows][:-1]) for rows in series)
    freedom = max(len(residuals) - width, 1)
    squares = float((residuals**2).sum())
    raw = (products + squares * (width + 1) / len(residuals)) / max(squares, freedom)
    return float(min(max(raw, 0.0), RESEMBLANCE_MAX))
