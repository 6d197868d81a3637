"""What a pull request is told: which stacks a change touches, and what it would do to them.

Pure functions over the engine's events, and what posts their result to GitHub. The commands that
run the engine are in `secure_redis.cli.ci`.
"""

COMMENT = "comment.md"
"""The file with what is told."""
