"""The forms of a report: for a terminal, for programs, for CI, and for a reviewer.

A report holds no secret. What it quotes of servers and certificates is hostile input all the same.
"""
