{# Sums, and the counts of orders that add up over days: an order is placed, and cancelled, on one day. Rebuilt from the
   finer sums, where there are any; the counts, where these have none, from the orders. `entries`: which are counted. #}
{% macro rollup_counted(period, keys, finer=none, orders=none, metrics=none, where='true', entries=['placed', 'cancelled']) %}
-- depends_on: {{ ref('fct_ledger') }}
{%- set counts = [] %}
{%- do add_counts_over_days(counts, entries) %}
{%- if not is_incremental() and not orders %}
{{ resummed(finer, period, keys, metrics, counts) }}
{%- else %}
with

sums as (

    {% if finer and not is_incremental() %}{{ resummed(finer, period, keys, metrics) }}{% else %}{{ rollup(period, keys, metrics, where) }}{% endif %}

),

counts as (

    {% if is_incremental() %}{{ orders_counted_moved(period, keys, counts) }}{% else %}{{ orders_counted(orders, period, keys, counts) }}{% endif %}

)

select
    sums.*
    {%- for count in counts %},
    coalesce(counts.{{ count.name }}, 0)::bigint as {{ count.name }}
    {%- endfor %}
from sums
left join counts on sums.shop_id = counts.shop_id and sums.starts_on = counts.starts_on
    {%- for column in (['currency'] if is_incremental() else []) + keys %} and sums.{{ column }} = counts.{{ column }}{% endfor %}
{%- endif %}
{% endmacro %}

{# Append the metrics that count orders, each dated by one entry of the order. #}
{% macro add_counts_over_days(counts, entries) %}
    {% for metric in metric_definitions(['distinct']) if metric.entity == 'order_id' and 'days' in metric.adds_over %}
        {% set entry = metric.day | replace('_on', '') %}
        {% if entry in entries %}{% do counts.append({'name': metric.name, 'day': metric.day, 'entry': entry}) %}{% endif %}
    {% endfor %}
{% endmacro %}

{% macro orders_counted(orders, period, keys, counts) %}
select
    {{ (['shop_id', 'starts_on'] + keys) | join(',\n    ') }}
    {%- for count in counts %},
    count(distinct order_id) filter (where entry = '{{ count.entry }}') as {{ count.name }}
    {%- endfor %}
from (
    {%- for count in counts %}
    {{ 'union all' if not loop.first }}
    select {{ (['shop_id', 'order_id'] + keys) | join(', ') }}, {{ period_start(period, count.day) }} as starts_on, '{{ count.entry }}' as entry
    from {{ orders }}
    where {{ count.day }} is not null
    {%- endfor %}
) as dated
group by {{ (['shop_id', 'starts_on'] + keys) | join(', ') }}
{% endmacro %}

{% macro orders_counted_moved(period, keys, counts) %}
select
    {{ (['shop_id', 'currency', period_start(period, 'entry_on') ~ ' as starts_on'] + keys) | join(',\n    ') }}
    {%- for count in counts %},
    sum(is_there::int - was_there::int) filter (where entry = '{{ count.entry }}') as {{ count.name }}
    {%- endfor %}
from ({{ orders_moved(keys) }}) as moved
group by {{ (['shop_id', 'currency', period_start(period, 'entry_on')] + keys) | join(', ') }}
{% endmacro %}

{# The orders of the changes not applied yet, placed and cancelled, as they are and as they were before: signed lines do
   not tell whether an order is one more or one less. #}
{% macro orders_moved(keys) %}
{%- set columns = (['shop_id', 'currency', 'order_id', 'entry', 'entry_on'] + keys) | join(', ') %}
select
    {{ columns }},
    sum(lines) > 0 as is_there,
    sum(lines) - sum(moved) > 0 as was_there
from (
    select {{ columns }}, 1 as lines, 0 as moved
    from {{ ref('fct_ledger') }}
    where
        order_id in (select ledger_changes.order_id from {{ unapplied_changes() }})
        and entry in ('placed', 'cancelled')
    union all
    select {{ columns }}, 0 as lines, sign as moved
    from {{ unapplied_changes() }}
    where entry in ('placed', 'cancelled')
) as lines_moved
group by {{ columns }}
{% endmacro %}
