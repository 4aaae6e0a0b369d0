-- A headline number with one assumption at its P5 and P95, the widest swing first; three digits
SELECT quantity, label,
printf('%.3g', at_low)::DOUBLE AS at_low,
printf('%.3g', at_high)::DOUBLE AS at_high,
printf('%.3g', central)::DOUBLE AS central,
unit,
printf('%.3g', greatest(tornado.at_low, tornado.at_high) / least(tornado.at_low, tornado.at_high))::DOUBLE AS swing,
rank() OVER (PARTITION BY study, quantity
ORDER BY greatest(tornado.at_low, tornado.at_high) / least(tornado.at_low, tornado.at_high) DESC, ingredient)
AS order_in_quantity, study, ingredient
FROM tornado ORDER BY study, quantity, order_in_quantity
