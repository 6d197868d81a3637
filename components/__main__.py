"""What the engine starts for a program in another language: see `secure_redis.plugin`."""

from secure_redis.plugin import main

if __name__ == "__main__":
    main()
