{# Sums by shop, currency and period that two relations don't agree on. #}
{% macro differing_sums(left, left_period, right, right_period, metrics=none) %}
with

left_sums as (

    select
        shop_id,
        currency,
        {{ left_period }} as period,
        {{ summed_metrics(metrics, events=metrics is none) }}
    from {{ left }}
    group by 1, 2, 3

),

right_sums as (

    select
        shop_id,
        currency,
        {{ right_period }} as period,
        {{ summed_metrics(metrics, events=metrics is none) }}
    from {{ right }}
    group by 1, 2, 3

),

{%- if metrics is not none %}

{# a relation of one kind of entries has no rows where the other's sums are 0 #}
{%- set shown = [] %}
{%- for metric in metric_definitions() if metric.name in metrics %}{% do shown.append(metric_column(metric) ~ ' <> 0') %}{% endfor %}
left_shown as (select * from left_sums where {{ shown | join(' or ') or 'true' }}),

right_shown as (select * from right_sums where {{ shown | join(' or ') or 'true' }}),
{%- else %}

left_shown as (select * from left_sums),

right_shown as (select * from right_sums),
{%- endif %}

missing as (select * from left_shown except select * from right_shown),

surplus as (select * from right_shown except select * from left_shown)

select * from missing
union all
select * from surplus
{% endmacro %}
