"""The API, where users of the reference project look for it."""
