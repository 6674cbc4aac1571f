"""What the tests of the protocols share: the best settings by the bulk optimiser, and questions asked of outcomes."""

from __future__ import annotations

import numpy as np

from planner.physics.optimise import maximise


def best(protocol, parameters, loss_db, *, fixed=None, arm_a_loss_db=None, **options):
    """Best rates and settings over arrays of losses; settings of `fixed` are not searched."""
    loss = np.atleast_1d(np.asarray(loss_db, dtype=np.float64))
    arm = loss / 2.0 if arm_a_loss_db is None else np.broadcast_to(arm_a_loss_db, loss.shape)
    given = {name: np.asarray(value, dtype=np.float64) for name, value in (fixed or {}).items()}
    axes = [axis for name, axis in protocol.AXES.items() if name not in given]

    def objective(coordinates, elements):
        named = {axis.name: array for axis, array in zip(axes, coordinates, strict=True)}
        found = protocol.evaluate(
            parameters,
            loss[elements],
            protocol.place(named, fixed=given),
            arm_a_loss_db=arm[elements],
            **options,
        )
        return found.secret, found.guide

    optimum = maximise(objective, axes=axes, elements=loss.size)
    named = {axis.name: array for axis, array in zip(axes, optimum.coordinates, strict=True)}
    return np.maximum(optimum.values, 0.0), protocol.place(named, fixed=given)


def assert_never_rises(rates):
    """Later rates are never above earlier ones, but for rounding."""
    rates = np.asarray(rates)
    assert np.all(np.isfinite(rates))
    assert np.all(rates[1:] <= rates[:-1] * (1.0 + 1e-9) + 1e-300)


def assert_sound(found, *, loads=1):
    """Finite numbers, probabilities within their range, and a sum that holds."""
    for name in ("clicks", "sifted", "leak", "secret", "possible", "guide", "key_bits_per_slot"):
        assert np.all(np.isfinite(getattr(found, name))), name
    assert np.all(found.key_bits_per_slot >= 0.0)
    assert np.all((found.guide > 0.0) == (found.secret > 0.0))
    assert len(found.loads) == loads
    for load in found.loads:
        assert np.all((load >= -1e-15) & (load <= 1.0))
    parts = found.key_bits_per_slot + found.finite_size + found.error_correction + found.privacy_amplification
    np.testing.assert_allclose(
        parts[found.key_bits_per_slot > 0.0], found.sifted[found.key_bits_per_slot > 0.0], rtol=1e-12
    )


def assert_below(found, bound_bits):
    """No more key than a bound; the bound is NaN where there is none."""
    assert np.all((found.key_bits_per_slot <= bound_bits * (1.0 + 1e-9)) | np.isnan(bound_bits))
