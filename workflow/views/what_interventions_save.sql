-- Saving of a query's energy by one intervention, or several together, the largest first; three digits
SELECT study, workload, lever, round(1 - 1 / multiplier_p50, 3) AS saved_share,
printf('%.3g', multiplier_p50)::DOUBLE AS multiplier_p50,
printf('%.3g', multiplier_p05)::DOUBLE AS multiplier_p05,
printf('%.3g', multiplier_p95)::DOUBLE AS multiplier_p95,
label, combination, level,
printf('%.3g', energy_wh_p50)::DOUBLE AS energy_wh_p50,
evidence, pairs,
printf('%.3g', measured_p50)::DOUBLE AS measured_p50,
printf('%.3g', predicted_p50)::DOUBLE AS predicted_p50,
source
FROM intervention_multipliers WHERE spread IN ('untrimmed', 'shared')
ORDER BY study, workload DESC, combination <> 'single', intervention_multipliers.multiplier_p50 DESC, lever
