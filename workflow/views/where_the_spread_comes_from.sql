-- An ingredient's share of the variance of a query's energy, or of the mean over queries, the largest first
SELECT study, subject, workload, spread, ingredient, variance_share FROM variance_shares
ORDER BY study, subject, workload DESC, spread, variance_share DESC, ingredient
