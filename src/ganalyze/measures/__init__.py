"""What is measured in images (paper §3.1–3.3)."""
