"""A fleet over a day: scenarios, capacity, sweeps, sensitivities."""
