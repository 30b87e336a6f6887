"""Routes parse, call and translate; nothing is decided here."""
