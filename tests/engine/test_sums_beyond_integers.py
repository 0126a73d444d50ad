"""A shop whose amounts add up to more than 64 bits hold is held back alone, until they no longer do."""

from uuid import UUID

import pytest
from engine.test_equals_full_refresh import differences_from_full_refresh
from engine.test_held_back import BERLIN, NEW_YORK, change_orders
from engine.under_test import Engine

_LARGE = f"""
    insert into app.order_lines
        (id, shop_id, order_id, offer_id, product_id, variant_id, quantity, total, deposit, balance)
    select 900000000 + number, lines.shop_id, order_id, offer_id, product_id, variant_id, 2147483647,
        9000000000000000, 0, 9000000000000000
    from (
        select lines.* from app.order_lines as lines join app.orders on orders.id = order_id
        where orders.shop_id = '{NEW_YORK}' and orders.currency = 'USD' and not test and deleted_at is null
        order by lines.id limit 1
    ) as lines
    cross join generate_series(1, 25) as numbers (number)
"""
_LARGE_PAYMENTS = """
    insert into app.payments (id, shop_id, order_id, order_line_id, portion, status, amount, processed_at)
    select 900000000 + number, shop_id, order_id, id, 'balance', 'succeeded', total, '2024-11-20 10:00Z'
    from app.order_lines cross join generate_series(1, 25) as numbers (number) where id = 900000001
"""


@pytest.mark.long
def test_a_shop_whose_sums_leave_the_integers_is_held_back_alone(engine: Engine) -> None:
    engine.build_and_publish()
    before, kept_rows = engine.shown(), engine.served_rows(NEW_YORK)
    engine.execute(_LARGE)
    engine.execute(_LARGE_PAYMENTS)
    change_orders(engine, BERLIN, "cancelled_at = placed_at")

    publication = engine.build_and_publish()

    assert publication.shops_held_back == {UUID(NEW_YORK)}
    finding = next(one for one in publication.failures if one.audit.startswith("amounts of a month"))
    assert finding.shop_id == UUID(NEW_YORK)
    assert finding.expected is not None and finding.found is not None and finding.found > 2**63 > finding.expected
    assert engine.served_rows(NEW_YORK) == kept_rows
    after = engine.shown()
    assert after[NEW_YORK] == before[NEW_YORK]
    assert after[BERLIN]["build_id"] == publication.build_id > before[BERLIN]["build_id"]
    found = f"select count(*) from analytics.reconciliation_rollups where shop_id = '{NEW_YORK}'"
    assert engine.scalar(found) == 0, "the reconciliation would rebuild what is as the ledger has it"

    assert engine.build_and_publish("--full-refresh").shops_held_back == {UUID(NEW_YORK)}
    assert engine.shown()[NEW_YORK] == before[NEW_YORK]

    engine.execute("delete from app.payments where id > 900000000")
    total = "case when id > 900000002 then 10 else 5000000000000000 end"
    amounts = f"total = {total}, balance = {total}"
    engine.execute(f"update app.order_lines set {amounts}, updated_at = now() where id > 900000000")
    assert engine.build_and_publish().failures == [], "sums of two fit"
    month = f"from reports.rollup_shops_monthly where shop_id = '{NEW_YORK}' and currency = 'USD'"
    assert engine.scalar(f"select max(revenue_minor) {month}") > 2 * 5 * 10**17

    engine.execute("update app.order_lines set total = 10, balance = 10, updated_at = now() where id > 900000000")
    assert engine.build_and_publish().failures == []
    assert engine.shown()[NEW_YORK]["build_id"] > before[NEW_YORK]["build_id"]
    assert differences_from_full_refresh(engine) == {}
