"""One run: the order of the steps, the judge, the checks, duplicates, recording and fixes."""
