-- One scenario of a fleet in every study: energy per day and the mean power behind it; three digits
SELECT scenario, study,
printf('%.3g', energy_gwh_per_day_mean)::DOUBLE AS energy_gwh_per_day_mean,
printf('%.3g', energy_gwh_per_day_p05)::DOUBLE AS energy_gwh_per_day_p05,
printf('%.3g', energy_gwh_per_day_p50)::DOUBLE AS energy_gwh_per_day_p50,
printf('%.3g', energy_gwh_per_day_p95)::DOUBLE AS energy_gwh_per_day_p95,
printf('%.3g', energy_gwh_per_day_mean * 1000 / 24)::DOUBLE AS mean_power_mw,
label, long_share, interventions, queries_per_day, boundary
FROM scenario_aggregates ORDER BY scenario, study
