from tests.served import MODEL, Bundles, load_applicants  # noqa: F401
