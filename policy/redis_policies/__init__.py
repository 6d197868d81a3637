"""Policies over the rules of `secure_redis.posture`: one for each rule, named by its id."""
