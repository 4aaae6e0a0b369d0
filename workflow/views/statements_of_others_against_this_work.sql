-- A published estimate of the energy of a query, compared with this work at the same tokens, with citation; three digits
SELECT s.subject, s.kind,
printf('%.3g', s.energy_wh)::DOUBLE AS energy_wh,
printf('%.3g', s.ours_wh_p50)::DOUBLE AS ours_wh_p50,
printf('%.3g', s.ours_wh_p05)::DOUBLE AS ours_wh_p05,
printf('%.3g', s.ours_wh_p95)::DOUBLE AS ours_wh_p95,
printf('%.3g', s.factor)::DOUBLE AS factor,
s.boundary, s.input_tokens, s.output_tokens, s.compared_with, s.reason, p.citation, p.published_on, p.url,
s.study, s.source, s.row_id
FROM statements s LEFT JOIN published_estimate p USING (source, row_id)
ORDER BY s.study, s.kind, s.source, s.row_id
