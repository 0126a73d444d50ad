"""`skill.md`, from which an assistant learns the API before it has a key, and `llms.txt`, which leads to it."""

from collections.abc import Sequence

from api.actions import Action
from api.paths import BASE_PATH, EXPORTS_PATH, GUIDE_PATH, MCP_PATH, REPORTS_PATH

INDEX = f"""# Preorder Analytics

> Reports on a merchant's preorders (deposits, balances, cancellations, refunds), as JSON and as CSV exports.

- [Guide for assistants]({GUIDE_PATH}): authentication, conventions, worked examples, and every action
- [OpenAPI](/openapi.json): every action with the schemas of requests and answers; [as a page](/docs)
- [Help]({BASE_PATH}/help): every action with its request schema, as JSON; needs a key
- [MCP]({MCP_PATH}): every action as a tool, over HTTP; needs a key
"""

_GUIDE = f"""---
name: preorder-analytics
description: Read reports on a merchant's preorders, and export them as CSV, over HTTP.
---

# Preorder Analytics

Base URL: `{BASE_PATH}` on the host that this was read from. Every call has the header `X-Auth-Token: <key>`;
the key alone decides the shop. Bodies are JSON (`Content-Type: application/json`).

## How to use it

1. Find the action in the table below, by its description and aliases.
2. `GET <path>/help` gives its request schema (`GET {REPORTS_PATH}/revenue/help`).
3. Call it. Reads answer 200. Writes answer 202 with a job to poll.

- Days are the shop's own: `from` and `to`, both or neither, `YYYY-MM-DD`, both included; neither means the last
  30 days.
- Money is decimal text in the currency that the answer names. Counts are integers, fractions numbers; null means that
  there is nothing to divide by.
- `{REPORTS_PATH}/definitions` says what each metric means and what it may be summed over. Distinct counts and
  outstanding balances are never sums of a series: ask for the window instead.
- `freshness.as_of` says up to when the numbers are complete; `"incomplete": true` that the window reaches past it.
- A series has every bucket of the window. `bucket` is the first day of the day, week (from Monday) or month; `from` and
  `to` are its days inside the window, and `"partial": true` says that the window cuts it.
- A breakdown has a row for what had an event in the window or a balance open at its end, the highest revenue first.
  `by_variant` wants `offer_id` or `offer_ids`: `by_offer` tells them.
- `aging` tells by how many days open balances are overdue at the end of `to`; due that day is `not_due`.
- An answer's `ETag`, sent back as `If-None-Match`, is answered by 304 while nothing has changed.
- There is no CORS: call from a server, so that the key stays there.
- `freshness.stale` says that the numbers lag behind; `max_lag` (seconds) has such an answer refused with 503 instead.
- Errors are `{{"errors": ["<field> must be ...", ...]}}`, every problem at once. 429 and 503 say in
  `Retry-After` when to try again.
- 360 points in 60 seconds for a shop: a read costs 1, a write 2. `X-RateLimit-Remaining` says what is left.

## Examples

"How much did we commit last month, by week?"

    GET {BASE_PATH}{REPORTS_PATH}/revenue?from=2026-01-01&to=2026-01-31&granularity=week

"Which balances are overdue?"

    GET {BASE_PATH}{REPORTS_PATH}/balance_collection

"Give me all customers of January as a file."

    POST {BASE_PATH}{REPORTS_PATH}/customers/export    {{"from": "2026-01-01", "to": "2026-01-31"}}
    GET {BASE_PATH}{EXPORTS_PATH}/<job_id>             until "status" is "ready", then fetch "download_url"

## Actions

| action | call | what it does | aliases |
|---|---|---|---|
"""


def guide_text(actions: Sequence[Action]) -> str:
    """Return the guide, with a row for each action."""
    rows = (
        f"| {action.name} | `{action.method} {action.path}` | {action.description} | {', '.join(action.aliases)} |\n"
        for action in actions
    )
    return _GUIDE + "".join(rows)
