-- Saving of a query's energy by one intervention, or several together, the largest first
SELECT study, workload, lever, label, combination, level, multiplier_p50, multiplier_p05,
multiplier_p95, 1 - 1 / multiplier_p50 AS saved_share, energy_wh_p50, evidence, pairs, measured_p50,
predicted_p50, source
FROM intervention_multipliers WHERE spread IN ('untrimmed', 'shared')
ORDER BY study, workload DESC, combination <> 'single', multiplier_p50 DESC, lever
