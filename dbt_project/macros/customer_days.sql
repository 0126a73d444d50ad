{# Each customer's days with an order, with the one before, in the whole shop (nulls), each offer, each product and each
   variant of an offer. A window's customers are those days in it whose previous day lies before it: counted so, they add
   up. #}
{% macro customer_days(orders) %}
{%- set kept = [[], ['offer_id'], ['product_id'], ['offer_id', 'variant_id']] %}
select
    scoped.shop_id,
    scoped.offer_id,
    scoped.product_id,
    scoped.variant_id,
    scoped.customer_id,
    scoped.placed_on,
    lag(scoped.placed_on) over (
        partition by scoped.shop_id, scoped.offer_id, scoped.product_id, scoped.variant_id, scoped.customer_id
        order by scoped.placed_on
    ) as previous_on
from (
    {%- for columns in kept %}
    {{ 'union' if not loop.first }} {# each day once #}
    select
        shop_id,
        {{ 'offer_id' if 'offer_id' in columns else 'null::uuid as offer_id' }},
        {{ 'product_id' if 'product_id' in columns else 'null::bigint as product_id' }},
        {{ 'variant_id' if 'variant_id' in columns else 'null::bigint as variant_id' }},
        customer_id,
        placed_on
    from {{ orders }} as orders
    {%- endfor %}
) as scoped
{% endmacro %}

{# The orders of customers in the changes not applied yet, as they are (`is_there`) or were (`was_there`). Those of the
   changes are told by the ledger, all others of the same customers have not changed. #}
{% macro orders_of_customers_moved() %}
with

moved as materialized (

    select * from ({{ orders_moved(['offer_id', 'product_id', 'variant_id', 'customer_id']) }}) as moved
    where entry = 'placed'

)

select shop_id, offer_id, product_id, variant_id, customer_id, entry_on as placed_on, is_there, was_there
from moved
where customer_id is not null
union all
select
    variants.shop_id, variants.offer_id, variants.product_id, variants.variant_id, variants.customer_id, variants.placed_on,
    true, true
from (select distinct shop_id, customer_id from moved where customer_id is not null) as customers
cross join lateral (
    select *
    from {{ ref('fct_order_variants') }} as kept
    where
        kept.shop_id = customers.shop_id and kept.customer_id = customers.customer_id
        and kept.order_id not in (select moved.order_id from moved)
    offset 0
) as variants
{% endmacro %}

{# Days counted by period and by the period of the previous day. `any`: the previous day lies before the period, so that
   these are the period's customers. Days whose previous one lies in the same month are left out of the rest: a window
   looks at these one by one. #}
{% macro counted_days(days, sign) %}
select
    days.shop_id,
    case
        when days.variant_id is not null then 'variant'
        when days.offer_id is not null then 'offer'
        when days.product_id is not null then 'product'
        else 'shop'
    end as counted_for,
    days.offer_id,
    days.product_id,
    days.variant_id,
    levels.placed_by,
    levels.previous_by,
    levels.placed_in,
    levels.previous_in,
    sum({{ sign }})::bigint as entries
from {{ days }} as days
cross join lateral (
    select
        {{ period_start('week', 'days.placed_on') }} as placed_week,
        {{ period_start('month', 'days.placed_on') }} as placed_month,
        {{ period_start('week', 'days.previous_on') }} as previous_week,
        {{ period_start('month', 'days.previous_on') }} as previous_month
) as periods
cross join lateral (
    values
    ('day', 'any', days.placed_on, null::date, true),
    ('week', 'any', placed_week, null, previous_week is distinct from placed_week),
    ('month', 'any', placed_month, null, previous_month is distinct from placed_month),
    ('day', 'month', days.placed_on, previous_month, previous_month is distinct from placed_month),
    ('month', 'month', placed_month, previous_month, previous_month is distinct from placed_month),
    ('month', 'day', placed_month, days.previous_on, previous_month < placed_month)
) as levels (placed_by, previous_by, placed_in, previous_in, is_counted)
where levels.is_counted
group by
    days.shop_id, days.offer_id, days.product_id, days.variant_id,
    levels.placed_by, levels.previous_by, levels.placed_in, levels.previous_in
{% endmacro %}

{# Before a model that reads another's rows as they are now: these must have all of the ledger's changes. #}
{% macro require_applied(name) %}
{% if is_incremental() %}
do $$
begin
    if (select applied_id from {{ state('model_changes') }} where model = '{{ name }}')
        is distinct from (select applied_id from {{ state('model_changes') }} where model = 'fct_ledger')
    then
        raise exception '{{ name }} lacks changes that the ledger has: build it with {{ this.name }}';
    end if;
end
$$
{% endif %}
{% endmacro %}
