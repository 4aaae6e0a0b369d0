-- The measured run with the least energy per output token, per model, GPU, precision and boundary
SELECT e.model, m.model_class, e.gpu, e.gpus, e.precision, e.boundary, e.prompts, e.concurrency,
e.energy_j_per_output_token, e.energy_j_per_output_token * 1000 / 3600 AS wh_per_1000_output_tokens,
e.source, e.row_id, e.file, e.line
FROM measured_energy e JOIN model m USING (model)
QUALIFY row_number() OVER (PARTITION BY e.model, e.gpu, e.precision, e.boundary
ORDER BY e.energy_j_per_output_token, e.source, e.row_id) = 1
ORDER BY e.model, e.gpu, e.precision, e.boundary
