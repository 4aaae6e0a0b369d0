-- Throughput rows and measured energies per model and GPU, with the date of the newest row
SELECT t.model, m.model_class, t.gpu, count(*) AS throughput_rows, count(e.row_id) AS measured_energies,
count(DISTINCT t.source) AS sources, max(t.published_on) AS newest
FROM throughput t JOIN model m USING (model)
LEFT JOIN measured_energy e ON e.source = t.source AND e.row_id = t.row_id
GROUP BY ALL ORDER BY t.model, t.gpu
