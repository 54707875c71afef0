"""Laws of letters: whole or blocked, no field left, every fact numbered, data is never markup."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sanderling.core.appeals.cases import cases
from sanderling.core.appeals.facts import KINDS, Fact, Reference, Source, Type, Value, clean
from sanderling.core.appeals.shipped import HEADS, shipped_letters
from sanderling.core.appeals.template import Block, fields_of, fill, read_template

NASTY = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["{{patient}}", "**bold**", "# heading", "- item", "? ", "#let x = 1", "$x$", "{", "}",
         "{{", "\\", "<script>", "`code`", "@label", "/* */", "{{{{"]
    ),
)  # fmt: skip


def value_of(kind: Type) -> st.SearchStrategy[Value]:
    if kind is Type.MONEY:
        return st.integers(-(10**9), 10**9)
    if kind is Type.DATE:
        return st.dates()
    if kind is Type.LIST:
        return st.lists(NASTY, max_size=3).map(tuple)
    return NASTY


@st.composite
def known_facts(draw: st.DrawFn) -> dict[str, Fact]:
    names = draw(st.sets(st.sampled_from(sorted(KINDS))))
    return {
        name: Fact(
            name, draw(value_of(KINDS[name].type)), Source.PERSON, "said", Reference("appeal", 1)
        )
        for name in names
    }


BLOCKS = {letter.key: letter.blocks for letter in shipped_letters()}


@given(st.sampled_from(sorted(BLOCKS)), known_facts())
@settings(max_examples=300, deadline=None)
def test_a_letter_is_whole_or_names_what_is_missing(key: str, facts: dict[str, Fact]) -> None:
    blocks = BLOCKS[key]
    letter = fill(blocks, facts, heads=HEADS)
    said = {name for name, fact in facts.items() if fact.text}
    needed = {name for block in blocks if not block.is_optional for name in block.fields}
    assert {one.name for one in letter.missing} == needed - said
    assert letter.is_whole == (needed <= said)
    assert "{{" not in letter.text
    assert "}}" not in letter.text
    used = {name for name in fields_of(_kept(blocks, said)) if name in said}
    used |= {name for name in HEADS if name in said}
    assert {one.name for one in letter.facts} == used
    # Every run that a fact said carries the number of that very fact.
    for line in letter.lines:
        for run in line.runs:
            if run.number:
                assert run.text == letter.facts[run.number - 1].text


def _kept(blocks: tuple[Block, ...], said: set[str]) -> list[Block]:
    return [one for one in blocks if not one.is_optional or set(one.fields) <= said]


@given(NASTY)
def test_what_a_fact_brings_is_text_as_it_stands(text: str) -> None:
    fact = Fact("facts", text, Source.PERSON, "said", Reference("appeal", 1))
    letter = fill(read_template("Before {{facts}} after."), {"facts": fact})
    if not clean(text):
        assert not letter.is_whole
        return
    assert letter.text == f"Before {clean(text)} after."
    assert len(letter.lines) == 1
    assert [run.is_bold for run in letter.lines[0].runs] == [False, False, False]


def test_every_case_has_its_letter_but_the_one_that_needs_a_corrected_claim() -> None:
    assert set(cases()) - set(BLOCKS) == {"coding"}
    for letter in shipped_letters():
        assert cases()[letter.case].vehicle is letter.vehicle
        assert "ask_amount" in fields_of(letter.blocks)
