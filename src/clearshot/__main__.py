"""Run clearshot as `python -m clearshot`."""

from clearshot.cli.main import run

if __name__ == "__main__":
    run()
