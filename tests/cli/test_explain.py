"""`callconv explain`, and the examples that it shows."""

import json
from pathlib import Path

import pytest

from callconv_kit.cli.main import EXIT_STATUSES, main
from callconv_kit.delivery import ledger_faults
from callconv_kit.delivery.fault_texts import explained
from callconv_kit.model.codes import CODES, RULES
from callconv_kit.model.examples import CODE_EXAMPLES, RULE_EXAMPLES, STATUS_EXAMPLES


def test_every_code_and_rule_has_an_example():
    assert sorted(CODE_EXAMPLES) == sorted(CODES)
    assert sorted(RULE_EXAMPLES) == sorted(RULES)
    assert sorted(STATUS_EXAMPLES) == sorted(EXIT_STATUSES)


@pytest.mark.parametrize("name", [*CODES, *RULES, *map(str, EXIT_STATUSES)])
def test_every_name_is_explained(name, capsys):
    assert main(["explain", name, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["meaning"]
    assert facts["example"]
    assert facts["what_to_do"]
    assert main(["explain", name]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: {facts['meaning']}\n")


@pytest.mark.parametrize("name", explained())
def test_every_code_of_a_delivery_is_explained(name, capsys):
    assert main(["explain", name, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["meaning"]
    assert facts["what_to_do"]
    assert not {"{", "}"} & set(facts["meaning"])


@pytest.mark.parametrize(
    "name", ["transfer_cut", "reply_lost", "size_differs", "rename_lost", "unexpected_answer"]
)
def test_where_something_may_have_arrived_it_is_checked_first(name, capsys):
    assert main(["explain", name, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["what_to_do"].startswith("If the exit status is 5: Check on the server")
    assert "outcome unknown" in facts["effect"]


def test_a_code_of_the_ledger_is_explained_as_the_error_says_it(capsys):
    error = ledger_faults.older(Path("ledger.db"), "an older copy")
    assert main(["explain", error.code, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["meaning"], facts["what_to_do"]) == (error.problem, error.next_step)


def test_an_unknown_name_is_answered_with_the_nearest_one(capsys):
    assert main(["explain", "phone_invlid"]) == 2
    assert 'Did you mean "phone_invalid"?' in capsys.readouterr().err
