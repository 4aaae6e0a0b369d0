-- A metered run predicted by the serving model without its source, model or GPU; with file, line, address
SELECT h.left_out, h.value, h.source, h.row_id, e.model, h.gpu, h.measured, h.predicted_p50,
h.predicted_p05, h.predicted_p95, h.predicted_p50 / h.measured AS ratio, e.file, e.line, e.url
FROM held_out h LEFT JOIN measured_energy e USING (source, row_id)
WHERE h.score = 'energy_at_batch'
ORDER BY h.left_out, h.source, h.row_id
