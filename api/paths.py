"""Paths of the API."""

BASE_PATH = "/api/v2/external"
REPORTS_PATH = "/preorders/reports"
EXPORTS_PATH = f"{REPORTS_PATH}/exports"
MCP_PATH = f"{BASE_PATH}/mcp"
GUIDE_PATH = f"{BASE_PATH}/preorders/skill.md"


def relative(path: str) -> str:
    """Return the path below the base path; one outside it as it is."""
    return path[len(BASE_PATH) :] or "/" if is_below_base(path) else path


def is_below_base(path: str) -> bool:
    """Return whether the path is one of the API's own."""
    return path == BASE_PATH or path.startswith(f"{BASE_PATH}/")


def needs_key(path: str) -> bool:
    """Return whether the path is answered to who has a key: all of the API but its guide."""
    return is_below_base(path) and path.rstrip("/") != GUIDE_PATH
