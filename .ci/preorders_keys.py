"""Has detect-secrets find this API's own keys, quoted or not."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class PreordersKeyDetector(RegexBasedDetector):
    """Keys as `api.keys.generate_key` makes them."""

    secret_type = "Preorder Analytics API key"  # pragma: allowlist secret
    denylist = (re.compile(r"pre_[A-Za-z0-9_-]{43}"),)
