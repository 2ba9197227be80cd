# The developer's commands. Every target runs in the active environment: pip install -e '.[dev]'.
.PHONY: check lint types imports test docs pictures smoke golden

check: lint types imports test

lint:
	ruff format --check src tests benchmarks
	ruff check src tests benchmarks

types:
	mypy

imports:
	lint-imports

test:  # in one process a core; tests that share fixtures stay together
	pytest -n auto --dist loadfile

docs:  # the command reference, from the commands' own help
	python -m clearshot.cli.reference > docs/cli-reference.md

pictures:  # those of the README and the guides, from the demo library
	python docs/pictures.py docs/images

smoke:  # the built wheel, without any extra, in an environment of its own
	python tests/smoke.py

golden:  # the scores that tests/golden compares with; say why they changed when you commit them
	python tests/golden/test_scores.py
