"""Rules over coerced rows: required cells, limits, columns against each other, duplicates."""
