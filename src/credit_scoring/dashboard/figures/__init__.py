"""Answers of the API made into charts: pure functions, each a wire model and the words in, a `Chart` out.

``frame`` holds the look that all figures share, ``labels`` where their texts stand, ``scale`` their axes, ``odds`` how
contributions are told.
"""
