"""CSV exports: the request, the job records, the CSV's SQL, the object store. Free of Litestar and Dagster."""
