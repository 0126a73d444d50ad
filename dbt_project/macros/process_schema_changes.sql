{# Instead of dbt's own message, whose first advice, to add the column, would leave it empty in all older rows. #}
{% macro postgres__process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {% if on_schema_change != 'fail' %}
        {{ return(default__process_schema_changes(on_schema_change, source_relation, target_relation)) }}
    {% endif %}
    {% set changes = check_for_schema_changes(source_relation, target_relation) %}
    {% if changes.schema_changed %}
        {% set differing = changes.source_not_in_target + changes.target_not_in_source %}
        {% set retyped = changes.new_target_types | map(attribute='column_name') | list %}
        {% do exceptions.raise_compiler_error(
            "the columns of " ~ target_relation.identifier ~ " have changed ("
            ~ (differing | map(attribute='name') | list + retyped) | join(', ') ~ "), which needs a rebuild: run Dagster's job"
            ~ " full_refresh, or preorders build --full-refresh; by hand dbt build --full-refresh"
        ) %}
    {% endif %}
    {{ return(changes.source_columns) }}
{% endmacro %}
