"""The mixed-effects models (paper §3.1)."""
