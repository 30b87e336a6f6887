"""The API as its own programs ask it: where it is, and its answers as wire models."""
