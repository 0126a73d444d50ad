"""Stacks of real processes, each in a home below a folder that only its owner may enter."""

from collections.abc import Callable, Iterator

import pytest

from tests.local.stack_under_test import StackUnderTest


@pytest.fixture(scope="module")
def make_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], StackUnderTest]]:
    made: list[StackUnderTest] = []

    def make(name: str) -> StackUnderTest:
        parent = tmp_path_factory.mktemp("owner-only")
        parent.chmod(0o700)
        stack = StackUnderTest(parent / name)
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.remove()
