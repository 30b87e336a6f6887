"""What is handed to people who were not there: self-contained pages, made of figures that others decided."""
