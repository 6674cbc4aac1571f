"""Twin-field QKD: Curty-Azuma-Lo (`cal`) and sending-or-not-sending (`sns`)."""

from planner.physics.twin_field import cal, sns

__all__ = ["cal", "sns"]
