-- A metered run predicted by the serving model without its source, model or GPU, to three digits; with file, line, address
SELECT e.model, h.gpu,
printf('%.3g', h.measured)::DOUBLE AS measured_j_per_output_token,
printf('%.3g', h.predicted_p50)::DOUBLE AS predicted_j_per_output_token_p50,
printf('%.3g', h.predicted_p05)::DOUBLE AS predicted_j_per_output_token_p05,
printf('%.3g', h.predicted_p95)::DOUBLE AS predicted_j_per_output_token_p95,
printf('%.3g', h.predicted_p50 / h.measured)::DOUBLE AS ratio,
h.left_out, h.value, h.source, h.row_id, e.file, e.line, e.url
FROM held_out h LEFT JOIN measured_energy e USING (source, row_id)
WHERE h.score = 'energy_at_batch'
ORDER BY h.left_out, h.source, h.row_id
