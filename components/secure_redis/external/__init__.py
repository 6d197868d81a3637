"""A Redis that somebody else runs: the same contract for an existing endpoint."""
