-- Energy per query of one class of models and workload, with its interval, in every study
SELECT q.subject, q.workload, q.study, q.boundary, q.energy_wh_p50 AS query_wh_p50,
q.energy_wh_p05 AS query_wh_p05, q.energy_wh_p95 AS query_wh_p95, q.energy_wh_mean AS expected_wh,
m.energy_wh_p50 AS mean_wh_p50, m.energy_wh_p05 AS mean_wh_p05, m.energy_wh_p95 AS mean_wh_p95,
q.served_share, q.reached_share, q.batch_p50
FROM energy_per_query q LEFT JOIN energy_per_query m
ON m.study = q.study AND m.workload = q.workload AND m.subject = q.subject AND m.spread = 'shared'
WHERE q.subject_kind = 'class' AND q.spread = 'untrimmed'
ORDER BY q.subject, q.workload DESC, q.study
