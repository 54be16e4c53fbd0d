"""An action of Great Expectations that writes Data Docs which open without a network."""

from typing import Any, Literal

from great_expectations.checkpoint.actions import ValidationAction

from callconv_kit.suite.data_docs import write_results


class OfflineDocs(ValidationAction):
    """Give it to a Checkpoint; see `callconv_kit.suite.docs_action`.

    folder: where the docs are written.
    """

    type: Literal["callconv_docs"] = "callconv_docs"
    folder: str

    def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[str, str]:  # noqa: ARG002 # Great Expectations' signature
        """Write the docs of a run; returns where its index is."""
        index = write_results(self.folder, checkpoint_result.run_results.values())
        return {"index": str(index)}
