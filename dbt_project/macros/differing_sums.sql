{# Sums by shop, currency and period that published models don't agree on: what one gives is what the others must
   hold. `found` lists (audit, relation, metrics; none for all). The first is read once for all of them. With
   `changed_only`, of the periods that unpublished changes have moved; each of these is one range of the index, since a
   join would read all history. #}
{% macro differing_sums(expected, found, period, changed_only=false) %}
{%- set sides = [('', expected, none)] + found %}
select
    sums.shop_id,
    compared.audit,
    sums.currency,
    sums.day,
    compared.metric,
    compared.expected,
    compared.found,
    null::text as subject
from (
    select
        sides.shop_id,
        sides.currency,
        sides.day
        {%- for audit, relation, metrics in sides %}
        {%- set side = loop.index0 %}
        {%- for column in compared_columns(metrics) %},
        coalesce(sum(sides.{{ column }}) filter (where sides.side = {{ side }}), 0) as {{ column }}_{{ side }}
        {%- endfor %}
        {%- endfor %}
    from (
        {%- for audit, relation, metrics in sides %}
        {{ 'union all' if not loop.first }}
        {{ sums_of_side(relation, loop.index0, period, metrics, changed_only) }}
        {%- endfor %}
    ) as sides
    group by sides.shop_id, sides.currency, sides.day
) as sums
cross join
    lateral (
        values
        (null::text, null::text, 0::numeric, 0::numeric)
        {%- for audit, relation, metrics in found %}
        {%- set side = loop.index %}
        {%- for column in compared_columns(metrics) %},
        ('{{ audit }}', '{{ column }}', sums.{{ column }}_0, sums.{{ column }}_{{ side }})
        {%- endfor %}
        {%- endfor %}
    ) as compared (audit, metric, expected, found)
where compared.expected <> compared.found
{% endmacro %}

{% macro compared_columns(metrics) %}
    {%- set columns = [] %}
    {%- for metric in metric_definitions(['additive', 'state']) if metrics is none or metric.name in metrics %}
        {%- do columns.append(metric_column(metric)) %}
    {%- endfor %}
    {{- return(columns + (['events', 'entries'] if metrics is none else [])) }}
{% endmacro %}

{% macro sums_of_side(relation, side, period, metrics, changed_only) %}
{%- set starts_on = period_start(period, 'cells.starts_on') %}
select
    {{ 'periods' if changed_only else 'cells' }}.shop_id,
    {{ 'periods' if changed_only else 'cells' }}.currency,
    {{ 'periods.starts_on' if changed_only else starts_on }} as day,
    {{ side }} as side
    {%- for column in compared_columns(none) %},
    {% if column not in compared_columns(metrics) -%} 0 as {{ column }}
    {%- else -%} {{ 'cells.' ~ column if changed_only else 'sum(cells.' ~ column ~ ') as ' ~ column }}
    {%- endif %}
    {%- endfor %}
from
{%- if changed_only %}
(
    select distinct shop_id, currency, {{ period_start(period, 'entry_on') }} as starts_on
    from {{ state('ledger_changes') }}
) as periods
cross join lateral (
    select
        {%- for column in compared_columns(metrics) %}
        sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as kept
    where
        kept.shop_id = periods.shop_id
        and kept.currency = periods.currency
        and kept.starts_on >= periods.starts_on
        and kept.starts_on < periods.starts_on + interval '1 {{ period }}'
) as cells
{%- else %} {{ relation }} as cells
group by cells.shop_id, cells.currency, {{ starts_on }}
{%- endif %}
{% endmacro %}

{# Every comparison between the published models: identities 2, 3, 5 and 8. #}
{% macro differing_rollups(changed_only=false) %}
{%- set cancelled, balances = ['cancelled_units', 'cancelled_revenue'], ['balances_outstanding', 'lines_outstanding'] %}
{%- set weeks = [
    ('weeks equal their days', ref('rollup_variants_weekly'), none),
    ('offers by week add up', ref('rollup_offers_weekly'), none),
    ('shops by week add up', ref('rollup_shops_weekly'), none),
    ('variants of offers by week add up', ref('rollup_offer_variants_weekly'), none),
] %}
{%- set months = [
    ('months equal their days', ref('rollup_variants_monthly'), none),
    ('offers by day add up', ref('rollup_offers_daily'), none),
    ('offers by month add up', ref('rollup_offers_monthly'), none),
    ('products by day add up', ref('rollup_products_daily'), none),
    ('products by month add up', ref('rollup_products_monthly'), none),
    ('variants of offers by day add up', ref('rollup_offer_variants_daily'), none),
    ('variants of offers by month add up', ref('rollup_offer_variants_monthly'), none),
    ('shops by day add up', ref('rollup_shops_daily'), none),
    ('shops by month add up', ref('rollup_shops_monthly'), none),
    ('cancel reasons of offers by day add up', ref('rollup_cancellations_daily'), cancelled),
    ('cancel reasons of offers by month add up', ref('rollup_cancellations_monthly'), cancelled),
    ('cancel reasons by day add up', ref('rollup_reasons_daily'), cancelled),
    ('cancel reasons by month add up', ref('rollup_reasons_monthly'), cancelled),
    ('due dates by day add up', ref('rollup_balances_daily'), balances),
    ('due dates by month add up', ref('rollup_balances_monthly'), balances),
] %}
{{ differing_sums(ref('rollup_variants_daily'), weeks, 'week', changed_only) }}
union all
{{ differing_sums(ref('rollup_variants_daily'), months, 'month', changed_only) }}
{% endmacro %}
