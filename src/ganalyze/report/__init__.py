"""The paper's numbers beside ours, and the report."""
