"""What users of a server may do, in the words of ACL SETUSER, the same on every target."""

APPLICATION = "~* &* +@all -@admin -@dangerous +info"
"""All that an application, a Celery worker among them, needs: no administration, nothing that scans
or empties the whole database. INFO is among @dangerous, but clients ask it for the version."""

APPLICATION_USER = "app"
"""Name of the application's user."""

DEFAULT_USER = "default"
"""The user that a client which names none logs in as."""
