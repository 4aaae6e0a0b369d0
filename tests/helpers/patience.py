"""How long tests wait for another process: as a bound on one that hangs, not on how fast a machine is."""

HANGS_S = 1200
