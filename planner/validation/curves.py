"""Model curves."""
