"""Where the API is and which key it is asked with: the environment's variables, and the address without them."""

API_URL, API_KEY = "CREDIT_SCORING_API_URL", "CREDIT_SCORING_API_KEY"
DEFAULT_URL = "http://127.0.0.1:8000"
