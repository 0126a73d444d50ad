{# Sums of the ledger's entries for each period and key; in a build of what changed, the sums by which they move. An
   amount that has no exchange rate is null in the ledger and absent from the sum; fct_missing_rates says which. #}
{% macro rollup(period, keys, metrics=none, where='true') %}
{%- set starts_on = period_start(period, 'entry_on') %}
select
    {{ (['shop_id', 'currency', starts_on ~ ' as starts_on'] + keys) | join(',\n    ') }},
    {{ summed_metrics(metrics, signed=is_incremental()) }}
from {% if is_incremental() %}{{ unapplied_changes() }}{% else %}{{ ref('fct_ledger') }}{% endif %}

where {{ where }}
group by {{ (['shop_id', 'currency', starts_on] + keys) | join(', ') }}
{% endmacro %}

{# The same for weeks (from Monday) or months (from the 1st). Rebuilt from the daily sums, which are fewer. #}
{% macro rollup_longer(daily, period, keys, metrics=none, where='true') %}
{%- if is_incremental() %}
{{ rollup(period, keys, metrics, where) }}
{%- else %}
{{ resummed(daily, period, keys, metrics) }}
{%- endif %}
{% endmacro %}

{# Sums of a finer rollup's sums. #}
{% macro resummed(finer, period, keys, metrics=none, counts=[]) %}
{%- set starts_on = period_start(period, 'starts_on') %}
select
    {{ (['shop_id', 'currency', starts_on ~ ' as starts_on'] + keys) | join(',\n    ') }},
    {%- for count in counts %}
    sum({{ count.name }})::bigint as {{ count.name }},
    {%- endfor %}
    {{ summed_metrics(metrics, entries='sum(entries)') }}
from {{ finer }}
group by {{ (['shop_id', 'currency', starts_on] + keys) | join(', ') }}
{% endmacro %}

{# As a timestamp: a date would be cut in the session's timezone. #}
{% macro period_start(period, day) -%}
{{ day if period == 'day' else "date_trunc('" ~ period ~ "', " ~ day ~ "::timestamp)::date" }}
{%- endmacro %}
