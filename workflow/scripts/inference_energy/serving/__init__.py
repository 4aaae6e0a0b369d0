"""The serving model: time and energy per token of a replica, as a function of its batch."""
