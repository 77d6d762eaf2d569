"""Images and sets of them, as they are stored."""
