-- A published number that is not reproduced, with a note for readers
SELECT study, label, unit, published, computed, relative_difference, tolerance, note, locator,
published_source, quantity FROM headline WHERE NOT within ORDER BY study, quantity
