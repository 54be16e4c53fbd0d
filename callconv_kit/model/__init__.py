"""What every room shares: the columns, the codes, errors, rows and Arrow texts."""
