"""Code location `rollups`: dbt builds `analytics`, then one transaction publishes it into `reports`."""
