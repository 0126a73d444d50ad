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

{# Where a metric is kept: amounts are kept in minor units, and their columns say so. #}
{% macro metric_column(metric) %}
    {{ return(metric.name ~ ('_minor' if metric.unit == 'money' else '')) }}
{% endmacro %}

{# One summed column for each metric that the ledger holds; restricted to `names` where given. #}
{% macro summed_metrics(names=none, events=true) %}
    {%- set columns = [] %}
    {%- for metric in metric_definitions(['additive', 'state']) if names is none or metric.name in names %}
        {%- set column = metric_column(metric) %}
        {%- do columns.append('coalesce(sum(' ~ column ~ '), 0)::bigint as ' ~ column) %}
    {%- endfor %}
    {%- if events %}{% do columns.append('sum(events)::bigint as events') %}{% endif %}
    {{- columns | join(',\n    ') or 'null as nothing_while_parsing' }}
{%- endmacro %}
