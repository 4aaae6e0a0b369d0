"""The estimate: power, uncertainty, resolved studies, energy per query, interventions."""
