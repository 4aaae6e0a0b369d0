-- One scenario of a fleet in every study: energy per day and the mean power behind it
SELECT scenario, label, study, long_share, interventions, queries_per_day, energy_gwh_per_day_mean,
energy_gwh_per_day_p05, energy_gwh_per_day_p50, energy_gwh_per_day_p95,
energy_gwh_per_day_mean * 1000 / 24 AS mean_power_mw, boundary
FROM scenario_aggregates ORDER BY scenario, study
