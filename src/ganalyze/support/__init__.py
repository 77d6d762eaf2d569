"""What every room needs: errors, files, tables, progress, randomness, settings."""
