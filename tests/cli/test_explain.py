"""`callconv explain`, and the examples that it shows."""

import json

import pytest

from callconv_kit.cli.main import EXIT_STATUSES, main
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


def test_an_unknown_name_is_answered_with_the_nearest_one(capsys):
    assert main(["explain", "phone_invlid"]) == 2
    assert 'Did you mean "phone_invalid"?' in capsys.readouterr().err
