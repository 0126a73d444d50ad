"""Guards, each with the text that takes it out, and the test that must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """What keeps something from happening.

    Attributes:
        what: it does.
        file, text: where it stands; the text stands there once.
        instead: what stands there without it.
        test: that fails without it.
        anew: whether it works when a stack is made, so that the one that runs already has it.
    """

    what: str
    file: str
    text: str
    instead: str
    test: str
    anew: bool = False


_KEYS, _ACCESS, _CONNECTIONS = "api/authentication.py", "tests/api/test_access.py", "tests/api/test_connections.py"
_LOST, _STALE = "tests/api/test_lost_servers.py", "tests/api/test_staleness.py"

GUARDS = (
    Guard(
        "A report's SQL filters by shop",
        "api/reports/scope.py",
        "{prefix}shop_id = {SHOP}",
        "{SHOP} is not null",
        "tests/reports/test_rollup_choice.py::test_totals_and_breakdowns_equal_the_ledger",
    ),
    Guard(
        "The tenant of a read ends with its statement",
        "api/reports/published.py",
        "set_config('preorders.shop_id', {SHOP}::text, true)",
        "set_config('preorders.shop_id', {SHOP}::text, false)",
        f"{_CONNECTIONS}::test_a_connection_carries_no_tenant_to_its_next_user",
    ),
    Guard(
        "The tenant of work on the primary ends with its transaction",
        "api/database.py",
        "set_config('preorders.shop_id', $1, true)",
        "set_config('preorders.shop_id', $1, false)",
        f"{_CONNECTIONS}::test_nor_does_one_whose_transaction_was_given_up",
    ),
    Guard(
        "Row-level security on export jobs",
        "api/migrations/0002_export_jobs.sql",
        "alter table service.export_jobs enable row level security;",
        "",
        f"{_CONNECTIONS}::test_without_a_tenant_the_primary_raises_and_the_replica_shows_nothing",
        anew=True,
    ),
    Guard(
        "Row-level security on every published table",
        "orchestration/rollups/serving_tables.py",
        'sql.SQL("alter table {} enable row level security")',
        'sql.SQL("alter table {} disable row level security")',
        "tests/engine/test_held_back.py::test_nothing_is_published_without_row_level_security",
        anew=True,
    ),
    Guard(
        "Nothing is published of a table without row-level security",
        "orchestration/rollups/serving_tables.py",
        "relrowsecurity and exists (",
        "exists (",
        "tests/engine/test_held_back.py::test_a_served_table_that_lacks_something_is_refused",
        anew=True,
    ),
    Guard(
        "A revoked key is refused",
        "api/keys.py",
        "keys.revoked_at is null and",
        "",
        f"{_ACCESS}::test_a_revoked_key_is_refused",
    ),
    Guard(
        "An expired key is refused",
        "api/keys.py",
        "(keys.expires_at is null or keys.expires_at > now())",
        "true",
        f"{_ACCESS}::test_a_key_ends_when_it_expires_and_not_a_while_later",
    ),
    Guard(
        "A key is trusted no longer than it lives",
        _KEYS,
        'min(seconds, row["seconds_left"])',
        "seconds",
        f"{_ACCESS}::test_a_key_ends_when_it_expires_and_not_a_while_later",
    ),
    Guard(
        "A key does what its scopes allow",
        _KEYS,
        'if scope not in connection.scope["state"]["caller"].scopes:',
        "if not scope:",
        "tests/exports/test_export_contract.py::test_a_key_needs_the_scope",
    ),
    Guard(
        "The day of a key's last use is kept",
        _KEYS,
        'row["is_new_today"]',
        "False",
        "tests/api/test_observation.py::test_the_day_of_a_keys_last_use_is_kept",
    ),
    Guard(
        "Keys are looked up on the replica while the primary is away",
        _KEYS,
        "row = await read(self._replica, find)",
        "raise",
        f"{_LOST}::test_reads_go_on_without_the_primary_and_exports_are_refused",
    ),
    Guard(
        "A write costs two points",
        "api/gateway.py",
        'READ_COST if is_mcp or scope["method"] in _READS else WRITE_COST',
        "READ_COST",
        f"{_ACCESS}::test_the_rate_limit_counts_points_and_says_when_to_come_back",
    ),
    Guard(
        "A call that costs more than is left is refused",
        "api/moving_windows.py",
        "if len(window) + amount > limit:",
        "if len(window) >= limit:",
        "tests/units/test_moving_windows.py::test_points_come_back_a_minute_after_they_were_taken_and_not_before",
    ),
    Guard(
        "An address that tries keys is slowed down",
        "api/gateway.py",
        "raise TooManyRefusals(allowance)",
        "pass",
        f"{_ACCESS}::test_an_address_that_tries_keys_is_slowed_down_and_valid_keys_are_not",
    ),
    Guard(
        "Nobody says by a header where he comes from",
        "api/__main__.py",
        "proxy_headers=bool(trusted_proxies),\n        forwarded_allow_ips=trusted_proxies,",
        'proxy_headers=True,\n        forwarded_allow_ips="*",',
        f"{_ACCESS}::test_an_address_that_tries_keys_is_slowed_down_and_valid_keys_are_not",
    ),
    Guard(
        "A path means the same to the gate and to the router",
        "api/gateway.py",
        'scope["path"] = _SLASHES.sub("/", scope["path"])',
        "pass",
        f"{_ACCESS}::test_nothing_below_the_base_path_is_reached_without_a_key",
    ),
    Guard(
        "Another shop's offer is unknown",
        "api/reports/contract.py",
        "if offer not in known_offers:",
        "if not known_offers and False:",
        "tests/api/test_parameters.py::test_another_shops_offer_is_as_unknown_as_one_that_is_nobodys",
    ),
    Guard(
        "Unknown parameters are refused",
        "api/reports/contract.py",
        '            problems.append(f"{_shortened(name)} is not a parameter',
        '            str(f"{_shortened(name)} is not a parameter',
        "tests/api/test_parameters.py::test_a_problem_is_named",
    ),
    Guard(
        "Only the attempt that holds a job makes it ready",
        "api/exports/attempts.py",
        "sha256 = $7\n    where job_id = $1 and attempt_token = $2 and status = 'running'",
        "sha256 = $7\n    where job_id = $1 and $2::uuid is not null",
        "tests/exports/test_attempts.py",
    ),
    Guard(
        "A formula in a CSV is made harmless",
        "api/reports/blocks.py",
        "return f\"case when {guarded} then '''' || {self.sql} else {self.sql} end\"",
        "return self.sql",
        "tests/exports/test_exported_values.py::test_every_report_is_exported_as_it_is_read",
    ),
    Guard(
        "A stale answer says so",
        "api/reports/published.py",
        "self.replica_lag_seconds >= stale_seconds",
        "False",
        f"{_STALE}::test_a_lag_is_told_and_can_be_refused",
    ),
    Guard(
        "max_lag has kept answers refused",
        "api/answers.py",
        "published.refuse_lag(answer.max_lag)",
        "pass",
        f"{_STALE}::test_a_lag_is_told_and_can_be_refused",
    ),
    Guard(
        "max_lag has exports refused",
        "api/reports/answer.py",
        "published.refuse_lag(request.values.get(MAX_LAG.name))",
        "pass",
        f"{_STALE}::test_a_lag_is_told_and_can_be_refused",
    ),
    Guard(
        "A kept answer is told while its build is the latest",
        "api/answers.py",
        "if published.version == kept.published.version:",
        "if published:",
        "tests/api/test_kept_answers.py::test_a_kept_answer_is_told_until_a_build_arrives",
    ),
    Guard(
        "What recovery cancelled is tried again",
        "api/database.py",
        "_PASSING = (asyncpg.InvalidCachedStatementError, asyncpg.SerializationError, *_LOST)",
        "_PASSING = _LOST",
        f"{_CONNECTIONS}::test_what_passes_is_tried_once_more",
    ),
    Guard(
        "A connection is waited for two seconds",
        "api/database.py",
        "_ACQUIRE_SECONDS = 2",
        "_ACQUIRE_SECONDS = 20",
        f"{_LOST}::test_slow_statements_leave_no_answer_waiting",
    ),
    Guard(
        "Nothing waits for a server that says nothing more",
        "api/servers.py",
        "if await answers(dsn):",
        "if await answers(dsn) or True:",
        f"{_LOST}::test_a_replica_that_hangs_is_refused_soon_and_read_again",
    ),
    Guard(
        "An API that is told to stop finishes what is under way",
        "api/__main__.py",
        "timeout_graceful_shutdown=_DRAIN_SECONDS,",
        "timeout_graceful_shutdown=0,",
        f"{_LOST}::test_an_api_that_is_told_to_stop_finishes_what_is_under_way",
    ),
    Guard(
        "A refusal says when to come back",
        "api/errors.py",
        "if status == 503 else {}",
        "if status == 1 else {}",
        f"{_LOST}::test_a_replica_that_hangs_is_refused_soon_and_read_again",
    ),
    Guard(
        "One build at a time, also outside the queue",
        "orchestration/rollups/build_lock.py",
        "if taken != (True,):",
        "if taken is None:",
        "tests/engine/test_build_faults.py::test_a_build_outside_the_queue_is_refused_while_another_holds_the_lock",
    ),
    Guard(
        "Keys in the repository are found",
        ".ci/preorders_keys.py",
        'r"pre_[A-Za-z0-9_-]{43}"',
        'r"no key looks like this"',
        "tests/units/test_repository.py",
    ),
    Guard(
        "A sum beyond 64 bits is no error",
        "dbt_project/macros/bounded_sums.sql",
        "    else (mod(mod({{ amount }} + {{ beyond }}, {{ all }}) + {{ all }}, {{ all }}) - {{ beyond }})::bigint",
        "    else ({{ amount }})::bigint",
        "tests/engine/test_sums_beyond_integers.py",
    ),
    Guard(
        "A shop whose sums leave 64 bits is held back",
        "dbt_project/models/audit/audit_large_sums.sql",
        "where magnitude_minor >= {{ largest_sum() }}",
        "where false",
        "tests/engine/test_sums_beyond_integers.py",
    ),
    Guard(
        "A redaction by hand ends what is kept of the shop's answers",
        "orchestration/rollups/redact_customer.py",
        "                stamp_change_by_hand(connection, UUID(config.shop_id))\n",
        "",
        "tests/cockpit/test_hands.py::test_a_customer_is_redacted_in_reports_and_exports_before_the_next_build",
    ),
    Guard(
        "A slow statement brings no earlier build back",
        "api/answers.py",
        "if published.asked_at <= self._latest_told_at:",
        "if False:",
        "tests/units/test_answers.py",
    ),
    Guard(
        "No shop is published ahead of the ledger",
        "orchestration/rollups/shop_state.py",
        "    if undated is not None:",
        "    if False:",
        "tests/engine/test_held_back.py::test_shops_are_not_published_ahead_of_the_ledger_that_their_timezone_dates",
    ),
    Guard(
        "A tool refuses text where its schema wants a number",
        "api/tools.py",
        "values[name] = f'\"{value}\"'",
        "values[name] = value",
        "tests/api/test_tools.py::test_problems_are_told_as_errors_of_the_tool",
    ),
    Guard(
        "A reason longer than an index holds stops no build",
        "dbt_project/models/rollups/_rollups.yml",
        "constraints: [{type: not_null}], config: *long}",
        "constraints: [{type: not_null}]}",
        "tests/reports/test_oracle_comparison.py",
        anew=True,
    ),
    Guard(
        "A line whose deposit is more than its total owes nothing",
        "dbt_project/models/ledger/fct_ledger.sql",
        "case when balance_minor > 0 then balance_converted else 0 end",
        "balance_converted",
        "tests/reports/test_oracle_comparison.py",
        anew=True,
    ),
    Guard(
        "An export ends with a replica that hangs",
        "orchestration/exports/databases.py",
        "    while await answers(dsn) or await answers(dsn):",
        "    while await answers(dsn) or True:",
        "tests/exports/test_export_faults.py::test_a_replica_that_hangs_under_way_is_lost",
    ),
    Guard(
        "Strangers at its address lock no valid key out",
        "api/gateway.py",
        "if not allowance.allowed and not await authenticator.is_listed(keys):",
        "if not allowance.allowed:",
        f"{_ACCESS}::test_a_valid_key_is_looked_up_though_strangers_at_its_address_are_refused",
    ),
    Guard(
        "A client that sends no whole request is left",
        "api/protocol.py",
        "self._overdue = self.loop.call_later(self.client_seconds, self.transport.close)",
        "pass",
        "tests/api/test_slow_clients.py::test_a_request_that_does_not_come_whole_is_not_waited_for",
    ),
    Guard(
        "A client that takes no byte of its answer is left",
        "api/protocol.py",
        "connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * self.client_seconds)",
        "pass",
        "tests/api/test_slow_clients.py::test_an_answer_that_nobody_takes_is_given_up",
    ),
    Guard(
        "A shop is dated by when it was compared",
        "orchestration/rollups/reconciliation.py",
        "set reconciled_at = %s where",
        "set reconciled_at = coalesce(now(), %s) where",
        "tests/engine/test_reconciliation.py::test_a_shop_is_dated_by_when_it_was_compared",
    ),
    Guard(
        "An order that a line left meanwhile is computed by the next build",
        "dbt_project/macros/record_differences.sql",
        "where sign = -1 and order_id not in (select order_id from {{ ref('int_orders_changed') }})",
        "where false",
        "tests/engine/test_equals_full_refresh.py::test_what_moves_after_the_changed_orders_were_listed_leaves_nothing_behind",
    ),
    Guard(
        "CET has its summer time",
        "dbt_project/macros/day_timezone.sql",
        "when 'CET' then 'Europe/Brussels'",
        "when 'CET' then 'CET'",
        "tests/reports/test_oracle_comparison.py",
        anew=True,
    ),
    Guard(
        "A clock that is set back loses no changes",
        "dbt_project/macros/build_state.sql",
        "then now() - interval '1 day'",
        "then low_water_at",
        "tests/engine/test_late_commits.py::test_a_clock_that_is_set_back_loses_nothing",
    ),
    Guard(
        "dbt by hand empties no table that is being published",
        "orchestration/rollups/publish.py",
        "        if built:\n            tables_read",
        "        if False:\n            tables_read",
        "tests/engine/test_held_back.py::test_dbt_by_hand_empties_no_table_that_is_being_published",
    ),
)
