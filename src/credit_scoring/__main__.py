"""``python -m credit_scoring`` is ``credit-scoring``."""

from credit_scoring.launch import main

if __name__ == "__main__":
    main()
