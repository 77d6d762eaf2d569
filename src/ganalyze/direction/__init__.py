"""Learning the direction θ and moving along it (paper §2.1, 2.2, 4)."""
