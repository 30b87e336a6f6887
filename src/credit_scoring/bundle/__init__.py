"""The product of training: a folder of text, JSON and Parquet that serving loads and trusts by digest."""
