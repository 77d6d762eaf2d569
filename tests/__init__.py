"""Tests mirror src/ganalyze, room by room; tests/workflow runs the DAG itself."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
