-- A headline number with one assumption at its P5 and P95, the widest swing first
SELECT study, quantity, rank() OVER (PARTITION BY study, quantity
ORDER BY greatest(at_low, at_high) / least(at_low, at_high) DESC, ingredient) AS order_in_quantity,
label, at_low, central, at_high, unit,
greatest(at_low, at_high) / least(at_low, at_high) AS swing, ingredient
FROM tornado ORDER BY study, quantity, order_in_quantity
