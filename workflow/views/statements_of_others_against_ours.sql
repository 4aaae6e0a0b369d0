-- A published estimate of the energy of a query, compared with this work at the same tokens, with citation
SELECT s.study, s.kind, s.subject, s.energy_wh, s.ours_wh_p50, s.ours_wh_p05, s.ours_wh_p95, s.factor,
s.boundary, s.input_tokens, s.output_tokens, s.compared_with, s.reason, p.citation, p.published_on, p.url,
s.source, s.row_id
FROM statements s LEFT JOIN published_estimate p USING (source, row_id)
ORDER BY s.study, s.kind, s.source, s.row_id
