-- What was read of every source
SELECT source, count(*) AS files, sum(rows_accepted)::BIGINT AS rows_accepted,
sum(rows_rejected)::BIGINT AS rows_rejected, sum(records_left_out)::BIGINT AS records_left_out,
max(read_on) AS read_on, any_value(licence) AS licence FROM source
GROUP BY source ORDER BY source
