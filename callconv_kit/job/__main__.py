"""`python -m callconv_kit.job`: write docs/job.md and the JSON Schema of a job."""

import json
from pathlib import Path

from callconv_kit.job.reference import SCHEMA_FILE, as_markdown, schema

if __name__ == "__main__":
    Path("docs/job.md").write_text(as_markdown(), encoding="utf-8")
    SCHEMA_FILE.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
