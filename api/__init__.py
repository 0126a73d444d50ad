"""The HTTP API. `api.reports` (the registry and its SQL) is free of Litestar, so that exports can use it too."""
