"""A small AWS for tests: moto behind a server of ours.

moto keeps the resources and speaks most of the protocols. This server stands before it: it writes
down every call, breaks calls on request, enforces the limits that moto does not have, speaks
CloudWatch's binary protocol, and answers the operations that moto lacks. Everything listens on
127.0.0.1 and ends when standard input closes.
"""
