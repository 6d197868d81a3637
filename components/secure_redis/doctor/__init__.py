"""Proof, from the application's seat, that a connection is safe; and cause and cure where not.

It knows nothing of Pulumi: it looks at any endpoint, with no more than an application has.
"""
