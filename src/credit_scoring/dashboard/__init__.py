"""The dashboard: what a loan officer sees. It asks the API over HTTP, and knows nothing else of the project.

``app`` is the program, ``views`` one page a file (a folder named pages, Streamlit would serve by itself), ``figures``
answers made into charts, ``texts`` every word it says.
"""
