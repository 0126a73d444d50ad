"""A second, independent account of what every report must answer, worked out from the
specifications alone in plain Python, to hold the product against."""

from .money import MissingRate
from .reports import report
from .source import Source

__all__ = ["MissingRate", "Source", "report"]
