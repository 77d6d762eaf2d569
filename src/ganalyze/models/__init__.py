"""The networks (paper §2.1), what is known of them, and where their weights are."""
