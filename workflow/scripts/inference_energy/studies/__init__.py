"""Study files: how they inherit, how they are checked, what their entries say."""
