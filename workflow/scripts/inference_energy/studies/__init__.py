"""Study files: how they inherit, how they are checked, and the typed object that their entries become."""
