{# Sums of the ledger's entries for each day and key. An amount that has no exchange rate is null in the ledger
   and absent from the sum; fct_missing_rates says which sums it is absent from. #}
{% macro rollup_daily(keys, metrics=none, where='true') %}
select
    shop_id,
    currency,
    entry_on as starts_on,
    {{ keys | join(',\n    ') }},
    {{ summed_metrics(metrics) }}
from {{ ref('fct_ledger') }}
where {{ where }}
group by shop_id, currency, entry_on, {{ keys | join(', ') }}
{% endmacro %}

{# Sums of a daily rollup for each week (from its Monday) or month (from its 1st). #}
{% macro rollup_longer(daily, period, keys, metrics=none) %}
select
    shop_id,
    currency,
    date_trunc('{{ period }}', starts_on::timestamp)::date as starts_on,
    {{ keys | join(',\n    ') }},
    {{ summed_metrics(metrics) }}
from {{ daily }}
group by shop_id, currency, date_trunc('{{ period }}', starts_on::timestamp)::date, {{ keys | join(', ') }}
{% endmacro %}
