"""Dagster: what runs when. Two code locations, `rollups` (dbt, publishing, checks) and `exports` (lean)."""
