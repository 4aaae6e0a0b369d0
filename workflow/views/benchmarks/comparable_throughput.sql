-- One throughput row per GPU and second, with properties of its model and GPU
SELECT t.source, t.row_id, t.model, m.model_class, m.total_parameters_billions, m.active_parameters_billions,
t.gpu, h.tdp_w, t.gpus, t.precision, t.engine, t.engine_version, t.load, t.input_tokens, t.output_tokens,
t.concurrency, t.output_tok_per_s_per_gpu, t.published_on, t.evidence, t.file, t.line
FROM throughput t JOIN model m USING (model) JOIN hardware h USING (gpu)
WHERE t.output_tok_per_s_per_gpu IS NOT NULL
