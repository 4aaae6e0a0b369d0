-- A benchmark row that a published curve rests on, with its file, line and address; values to three digits
SELECT f.model, r.gpu,
printf('%.3g', r.throughput_tok_per_s)::DOUBLE AS throughput_tok_per_s,
printf('%.3g', t.output_tok_per_s_per_gpu)::DOUBLE AS output_tok_per_s_per_gpu,
printf('%.3g', r.left_out_tok_per_s / r.node_tok_per_s)::DOUBLE AS left_out_ratio,
r.input_tokens, r.output_tokens, r.precision, f.form, f.study, r.source, r.row_id, r.file, r.line, r.url
FROM throughput_fit f JOIN throughput_rows r ON r.study = f.study AND r.model = f.model
LEFT JOIN throughput t ON t.source = r.source AND t.row_id = r.row_id
ORDER BY f.study, f.model, r.gpu, r.source, r.row_id
