"""The HTTP service: requests in, recorded decisions out."""
