"""Plan quantum-key-distribution trunk networks."""
