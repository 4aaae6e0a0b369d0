-- A benchmark row that a published curve rests on, with its file, line and address
SELECT f.study, f.model, r.gpu, r.precision, f.form, r.source, r.row_id, r.input_tokens, r.output_tokens,
r.throughput_tok_per_s, t.output_tok_per_s_per_gpu,
r.left_out_tok_per_s / r.node_tok_per_s AS left_out_ratio,
r.file, r.line, r.url
FROM throughput_fit f JOIN throughput_rows r ON r.study = f.study AND r.model = f.model
LEFT JOIN throughput t ON t.source = r.source AND t.row_id = r.row_id
ORDER BY study, model, gpu, source, row_id
