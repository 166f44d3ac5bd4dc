"""Finding cases: by their words, in lists, by tags and fields; and what is done to many of them at once."""
