"""A connection in the forms that applications and their platforms read.

`env` chooses the variables, the other modules write them down: `dotenv`, `json_document`,
`kubernetes` and `compose` make text, `files` puts text on disk. Nothing here talks to a server.
"""
