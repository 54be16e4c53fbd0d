"""`python -m callconv_kit.job`: write docs/job.md anew."""

from pathlib import Path

from callconv_kit.job.reference import as_markdown

if __name__ == "__main__":
    Path("docs/job.md").write_text(as_markdown(), encoding="utf-8")
