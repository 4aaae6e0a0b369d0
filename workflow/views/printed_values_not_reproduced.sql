-- A published number that is not reproduced, with a note for readers; computed to three digits
SELECT study, label, published,
printf('%.3g', computed)::DOUBLE AS computed,
unit, round(relative_difference, 3) AS relative_difference,
printf('%.3g', tolerance)::DOUBLE AS tolerance,
note, locator, published_source, quantity FROM headline WHERE NOT within ORDER BY study, quantity
