"""`python -m pivotal_sandbox` is the command `pivotal-sandbox`."""

from pivotal_sandbox.cli.main import main

if __name__ == "__main__":
    main()
