"""What a release is made of: its number, its notes and its files. See docs/release.md."""
