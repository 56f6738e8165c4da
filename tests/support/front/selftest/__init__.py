"""Tests of the server itself, with boto3 as the client.

In tests/support: `python -m unittest discover -t . -s front/selftest`.
"""
