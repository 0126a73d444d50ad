{# Counts of orders and customers that don't agree with the orders, by shop and month, or week. #}
{% macro differing_counts(orders) %}
{%- set all, cancelled = ['placed', 'cancelled'], ['cancelled'] %}
{%- for scope, keys, sizes, entries in [
    ('shops', [], ['daily', 'weekly', 'monthly'], all),
    ('offers', ['offer_id'], ['daily', 'weekly', 'monthly'], all),
    ('products', ['product_id'], ['daily', 'monthly'], all),
    ('offer_variants', ['offer_id', 'variant_id'], ['daily', 'weekly', 'monthly'], all),
    ('reasons', ['cancel_reason'], ['daily', 'monthly'], cancelled),
    ('cancellations', ['offer_id', 'cancel_reason'], ['daily', 'monthly'], cancelled),
] %}
{%- set counts = [] %}
{%- do add_counts_over_days(counts, entries) %}
{%- for size in sizes %}
{%- set period = 'week' if size == 'weekly' else 'month' %}
{%- for count in counts %}
select
    kept.shop_id,
    'counts of {{ scope }} equal the orders' as audit,
    kept.currency,
    kept.starts_on as day,
    '{{ count.name }}' as metric,
    coalesce(counted.expected, 0) as expected,
    kept.found,
    null::text as subject
from (
    select shop_id, currency, {{ period_start(period, 'starts_on') }} as starts_on, sum({{ count.name }}) as found
    from {{ ref('rollup_' ~ scope ~ '_' ~ size) }}
    group by shop_id, currency, {{ period_start(period, 'starts_on') }}
) as kept
left join (
    select shop_id, starts_on, sum({{ count.name }}) as expected
    from ({{ orders_counted(orders, period, keys, counts) }}) as by_scope
    group by shop_id, starts_on
) as counted on kept.shop_id = counted.shop_id and kept.starts_on = counted.starts_on
where kept.found <> coalesce(counted.expected, 0)
union all
{%- endfor %}
{%- endfor %}
{%- endfor %}
{%- set known = '(select * from ' ~ orders ~ ' where customer_id is not null)' %}
{{ differing_rows('days of customers equal the orders', customer_days(known), ref('fct_customer_days'), 'placed_on') }}
union all
{{ differing_rows(
    'days of customers are counted', counted_days(ref('fct_customer_days'), '1'), ref('rollup_customer_gaps'), 'placed_in'
) }}
{% endmacro %}

{# Rows that only one side has, by shop and month. #}
{% macro differing_rows(audit, expected, found, day) %}
select
    shop_id,
    '{{ audit }}' as audit,
    null::text as currency,
    {{ period_start('month', day) }} as day,
    'rows' as metric,
    count(*) filter (where is_expected) as expected,
    count(*) filter (where not is_expected) as found,
    null::text as subject
from (
    select lost.*, true as is_expected from (({{ expected }}) except select * from {{ found }}) as lost
    union all
    select added.*, false from (select * from {{ found }} except ({{ expected }})) as added
) as sides
group by shop_id, {{ period_start('month', day) }}
{% endmacro %}
