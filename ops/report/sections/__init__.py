"""The sections of the page, in modules of their own; each returns the HTML of its section."""
