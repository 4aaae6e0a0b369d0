-- An ingredient's share of the variance of a query's energy, or of the mean over queries, the largest first
SELECT study, workload, ingredient, round(variance_share, 3) AS variance_share, subject, spread FROM variance_shares
ORDER BY study, subject, workload DESC, spread, variance_shares.variance_share DESC, ingredient
