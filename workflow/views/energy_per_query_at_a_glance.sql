-- Energy per query of one class of models and workload, with its interval, in every study; three digits
SELECT q.subject, q.workload, q.study,
printf('%.3g', q.energy_wh_p50)::DOUBLE AS query_wh_p50,
printf('%.3g', q.energy_wh_p05)::DOUBLE AS query_wh_p05,
printf('%.3g', q.energy_wh_p95)::DOUBLE AS query_wh_p95,
printf('%.3g', coalesce(m.energy_wh_mean, q.energy_wh_mean))::DOUBLE AS expected_wh,
printf('%.3g', m.energy_wh_p50)::DOUBLE AS mean_wh_p50,
printf('%.3g', m.energy_wh_p05)::DOUBLE AS mean_wh_p05,
printf('%.3g', m.energy_wh_p95)::DOUBLE AS mean_wh_p95,
q.boundary, round(q.served_share, 2) AS served_share, round(q.reached_share, 2) AS reached_share,
round(q.batch_p50, 1) AS batch_p50
FROM energy_per_query q LEFT JOIN energy_per_query m
ON m.study = q.study AND m.workload = q.workload AND m.subject = q.subject AND m.spread = 'shared'
WHERE q.subject_kind = 'class' AND q.spread = 'untrimmed'
ORDER BY q.subject, q.workload DESC, q.study
