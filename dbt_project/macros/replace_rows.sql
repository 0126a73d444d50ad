{# All rows of a small table that views read: to replace the table would take the views with it, and a build in which
   little changed would spend its time on making views. #}
{% macro get_incremental_replace_rows_sql(arguments) %}
{%- set rows, computed = arguments.target_relation, arguments.temp_relation %}
{%- set columns = arguments.dest_columns | map(attribute='name') | join(', ') %}
-- two builds at once: the second would not see, and so not delete, what the first inserts
lock table {{ rows }} in share row exclusive mode;

delete from {{ rows }};

insert into {{ rows }} ({{ columns }})
select {{ columns }} from {{ computed }}
{% endmacro %}

{# The views of this run that read a model. #}
{% macro selected_views_on(unique_id) %}
    {% set views = [] %}
    {% for id in selected_resources if id in graph.nodes %}
        {% set node = graph.nodes[id] %}
        {% if node.config.materialized == 'view' and unique_id in node.depends_on.nodes %}
            {% do views.append(id) %}
        {% endif %}
    {% endfor %}
    {{ return(views) }}
{% endmacro %}
