{# Orders by what was ordered, with their days: what orders and customers are counted from where no count is kept. #}
{% macro order_variants(ledger) %}
select
    shop_id,
    order_id,
    offer_id,
    product_id,
    variant_id,
    market_id,
    customer_id,

    cancel_reason,

    min(occurred_at) filter (where entry = 'placed') as placed_at,
    min(entry_on) filter (where entry = 'placed') as placed_on,
    min(entry_on) filter (where entry = 'cancelled') as cancelled_on
from {{ ledger }}
where entry in ('placed', 'cancelled')
group by shop_id, order_id, offer_id, product_id, variant_id, market_id, customer_id, cancel_reason
{% endmacro %}
