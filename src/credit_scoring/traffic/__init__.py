"""Made-up applications and their outcomes, sent to a running API over HTTP: a year in minutes.

``changes`` says what drifts, ``calendar`` who applies when, ``sending`` asks the API, ``kept`` writes the tables that a
challenger can be trained on, ``year`` lives through the months.
"""
