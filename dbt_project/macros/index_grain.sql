{# A unique index on the grain that the model declares in its meta: a grain that is broken fails the build.
   "nulls not distinct" because an order without a market is a cell like any other. #}
{% macro index_grain() %}
{% if not is_incremental() %}
create unique index on {{ this }} ({{ config.get('meta')['grain'] | join(', ') }}) nulls not distinct;
{{ vacuum_early() }};
analyze {{ this }}
{% endif %}
{% endmacro %}

{# Rows that moved leave dead ones behind; by default a fifth of a table may be dead before it is vacuumed. #}
{% macro vacuum_early() %}
alter table {{ this }} set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)
{% endmacro %}
