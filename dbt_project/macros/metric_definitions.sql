{# The one definition of every metric: the meta of the model metric_definitions. Empty while dbt parses,
   when the project's graph isn't known yet. #}
{% macro metric_definitions(kinds=none) %}
    {% set found = [] %}
    {% if execute %}
        {% for metric in graph.nodes['model.' ~ project_name ~ '.metric_definitions'].config.meta.metrics %}
            {% if kinds is none or metric.kind in kinds %}{% do found.append(metric) %}{% endif %}
        {% endfor %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}

{# A text of the definitions in SQL; null where there is none. #}
{% macro text_literal(text) -%}
{{ "null::text" if text is none or text is undefined else "'" ~ text | replace("'", "''") ~ "'" }}
{%- endmacro %}

{# Where a metric is kept: amounts are kept in minor units, and their columns say so. #}
{% macro metric_column(metric) %}
    {{ return(metric.name ~ ('_minor' if metric.unit == 'money' else '')) }}
{% endmacro %}

{# One summed column for each metric that the ledger holds, restricted to `names` where given; then the number of
   events, and of ledger rows: a cell is there for as long as it has any. `signed`: of rows that come or go. #}
{% macro summed_metrics(names=none, signed=false, entries='count(*)') %}
    {%- set columns = [] %}
    {%- set sign = 'sign * ' if signed else '' %}
    {%- for metric in metric_definitions(['additive', 'state']) if names is none or metric.name in names %}
        {%- set column = metric_column(metric) %}
        {%- set total = 'coalesce(sum(' ~ sign ~ column ~ '), 0)' %}
        {%- do columns.append((wrapped(total) if metric.unit == 'money' else total ~ '::bigint') ~ ' as ' ~ column) %}
    {%- endfor %}
    {%- do columns.append('sum(' ~ sign ~ 'events)::bigint as events') %}
    {%- do columns.append(('sum(sign)' if signed else entries) ~ '::bigint as entries') %}
    {{- columns | join(',\n    ') }}
{%- endmacro %}
