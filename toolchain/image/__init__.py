"""The image of the Docker target: present, pulled, or made from Debian's packages."""
