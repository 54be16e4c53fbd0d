"""What a run leaves behind: ready.csv, rejected.csv, left_out.csv, summary.json, report.html."""
