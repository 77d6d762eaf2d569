"""How real a set of images is (paper §3.3.1)."""
