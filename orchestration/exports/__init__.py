"""Code location `exports`: what runs against the object store. It imports no dbt, so that its runs start fast."""
