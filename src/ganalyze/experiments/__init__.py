"""The paper's two experiments with people (§3.3.2, §3.4): tracks, trials, exclusions, simulated observers."""
