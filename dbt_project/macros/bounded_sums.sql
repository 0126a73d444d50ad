{# A sum (numeric, of integers) as a bigint, modulo 2^64: to leave the integers would be an error, which stops the build of
   all shops. Sums modulo 2^64 still add up, so what moved a sum beyond can move it back. A shop of which any sum could be
   beyond is held back (audit_large_sums), so what is published is never cut. #}
{% macro wrapped(amount) -%}
{%- set beyond, all = '9223372036854775808', '18446744073709551616' -%}
case
    when {{ amount }} >= -{{ beyond }} and {{ amount }} < {{ beyond }} then ({{ amount }})::bigint
    else (mod(mod({{ amount }} + {{ beyond }}, {{ all }}) + {{ all }}, {{ all }}) - {{ beyond }})::bigint
end
{%- endmacro %}

{# What an amount, and the absolute amounts of a shop in a month, must stay below, 2^62: a week spans two months, and a
   balance is the difference of two amounts. #}
{% macro largest_sum() -%}
4611686018427387904
{%- endmacro %}

{# What is paid on a line, kept among the integers; at the bound it exceeds every balance, as the sum itself does. #}
{% macro bounded(amount) -%}
greatest(least({{ amount }}, {{ largest_sum() }}), -{{ largest_sum() }})::bigint
{%- endmacro %}

{# From this amount on the ledger's rows have an index of their own: few are so large, and without them it takes
   46 million rows in a month to reach the largest sum. #}
{% macro large_amount() -%}
100000000000
{%- endmacro %}

{% macro has_large_amount() -%}
greatest(
    {%- for column in money_columns() %}abs({{ column }}){{ ', ' if not loop.last }}{% endfor -%}
) >= {{ large_amount() }}
{%- endmacro %}

{% macro money_columns() %}
    {%- set columns = [] %}
    {%- for metric in metric_definitions(['additive', 'state']) if metric.unit == 'money' %}
        {%- do columns.append(metric_column(metric)) %}
    {%- endfor %}
    {{- return(columns) }}
{% endmacro %}
