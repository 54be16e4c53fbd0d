"""Maps the columns of an export to the columns of the format, and fills gaps."""
