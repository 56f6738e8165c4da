"""Tests of the server itself, with boto3 as the client: `python -m unittest discover -s tests/support -t tests/support`."""
