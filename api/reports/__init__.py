"""The reports: their parameters, their SQL over the schema `reports`, and their answers."""
