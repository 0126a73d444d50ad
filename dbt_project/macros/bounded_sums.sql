{# A sum (numeric, of integers) as a bigint, modulo 2^64: to leave the integers would be an error, which stops the build of
   all shops. Sums modulo 2^64 still add up, so what moved a sum beyond can move it back. A shop of which any sum could be
   beyond is held back (rollup_magnitudes), so what is published is never cut. #}
{% macro wrapped(amount) -%}
{%- set beyond, all = '9223372036854775808', '18446744073709551616' -%}
case
    when {{ amount }} >= -{{ beyond }} and {{ amount }} < {{ beyond }} then ({{ amount }})::bigint
    else (mod(mod({{ amount }} + {{ beyond }}, {{ all }}) + {{ all }}, {{ all }}) - {{ beyond }})::bigint
end
{%- endmacro %}

{# Amounts of a shop in one currency, made positive and added up, must stay below. Far enough below 2^63 for the sum or
   difference of two that do. #}
{% macro largest_magnitude() -%}
4000000000000000000
{%- endmacro %}

{# What is paid on a line, kept among the integers; at the bound it exceeds every balance, as the sum itself does. #}
{% macro bounded(amount) -%}
greatest(least({{ amount }}, {{ largest_magnitude() }}), -{{ largest_magnitude() }})::bigint
{%- endmacro %}

{# Sums of what ledger rows hold, made positive. No sum of any of these rows and one metric is larger. #}
{% macro magnitudes(ledger, signed=false) %}
{%- set sign = 'sign * ' if signed else '' %}
select
    shop_id,
    currency,
    0
    {%- for metric in metric_definitions(['additive', 'state']) if metric.unit == 'money' %}
    + coalesce(sum({{ sign }}abs({{ metric_column(metric) }})), 0)
    {%- endfor %} as magnitude_minor,
    {{ 'sum(sign)' if signed else 'count(*)' }}::bigint as entries
from {{ ledger }}
group by shop_id, currency
{% endmacro %}
