"""Paths of the API."""

BASE_PATH = "/api/v2/external"
REPORTS_PATH = "/preorders/reports"
EXPORTS_PATH = f"{REPORTS_PATH}/exports"


def relative(path: str) -> str:
    """Return the path below the base path; one outside it as it is."""
    return path[len(BASE_PATH) :] or "/" if is_below_base(path) else path


def is_below_base(path: str) -> bool:
    """Return whether the path needs a key."""
    return path == BASE_PATH or path.startswith(f"{BASE_PATH}/")
