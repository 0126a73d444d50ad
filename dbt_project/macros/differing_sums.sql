{# Sums by shop, currency and period that two published models don't agree on: what one gives is what the other must
   hold. With `changed_only`, of the periods that unpublished changes have moved; each of these is one range of the
   index, since a join would read all history. #}
{% macro differing_sums(audit, expected, found, period, metrics=none, changed_only=false) %}
{%- set columns = [] %}
{%- for metric in metric_definitions(['additive', 'state']) if metrics is none or metric.name in metrics %}
    {%- do columns.append(metric_column(metric)) %}
{%- endfor %}
{%- if metrics is none %}{% do columns.extend(['events', 'entries']) %}{% endif %}
select
    sums.shop_id,
    '{{ audit }}' as audit,
    sums.currency,
    sums.day,
    compared.metric,
    compared.expected,
    compared.found
from (
    select
        sides.shop_id,
        sides.currency,
        sides.day
        {%- for column in columns %},
        coalesce(sum(sides.{{ column }}) filter (where sides.is_expected), 0) as {{ column }}_expected,
        coalesce(sum(sides.{{ column }}) filter (where not sides.is_expected), 0) as {{ column }}_found
        {%- endfor %}
    from (
        {{ _side(expected, true, period, columns, changed_only) }}
        union all
        {{ _side(found, false, period, columns, changed_only) }}
    ) as sides
    group by sides.shop_id, sides.currency, sides.day
) as sums
cross join
    lateral (
        values
        {%- for column in columns %}
        ('{{ column }}', sums.{{ column }}_expected, sums.{{ column }}_found){{ ',' if not loop.last }}
        {%- else %}
        (null, 0, 0)
        {%- endfor %}
    ) as compared (metric, expected, found)
where compared.expected <> compared.found
{% endmacro %}

{% macro _side(relation, is_expected, period, columns, changed_only) %}
select
    kept.shop_id,
    kept.currency,
    {{ period_start(period, 'kept.starts_on') }} as day,
    {{ is_expected }} as is_expected
    {%- for column in columns %},
    kept.{{ column }}
    {%- endfor %}
from
{%- if changed_only %}
(
    select distinct shop_id, currency, {{ period_start(period, 'entry_on') }} as starts_on
    from {{ state('ledger_changes') }}
) as periods
cross join lateral (
    select *
    from {{ relation }} as cells
    where
        cells.shop_id = periods.shop_id
        and cells.currency = periods.currency
        and cells.starts_on >= periods.starts_on
        and cells.starts_on < periods.starts_on + interval '1 {{ period }}'
    offset 0
) as kept
{%- else %} {{ relation }} as kept
{%- endif %}
{% endmacro %}

{# Every comparison between the published models: identities 2, 3, 5 and 8. #}
{% macro differing_rollups(changed_only=false) %}
{%- set cancelled, balances = ['cancelled_units', 'cancelled_revenue'], ['balances_outstanding', 'lines_outstanding'] %}
{%- set comparisons = [
    ('weeks equal their days', 'rollup_variants_daily', 'rollup_variants_weekly', 'week', none),
    ('months equal their days', 'rollup_variants_daily', 'rollup_variants_monthly', 'month', none),
    ('cancel reasons add up', 'rollup_variants_daily', 'rollup_cancellations_daily', 'month', cancelled),
    ('cancel reasons add up', 'rollup_variants_daily', 'rollup_cancellations_monthly', 'month', cancelled),
    ('due dates add up', 'rollup_variants_daily', 'rollup_balances_daily', 'month', balances),
    ('due dates add up', 'rollup_variants_daily', 'rollup_balances_monthly', 'month', balances),
] %}
{%- for audit, expected, found, period, metrics in comparisons %}
{{ 'union all' if not loop.first }}
{{ differing_sums(audit, ref(expected), ref(found), period, metrics, changed_only) }}
{%- endfor %}
{% endmacro %}
