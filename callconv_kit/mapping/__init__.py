"""The columns of an export as the columns of the format: which feeds which, and what fills gaps."""
