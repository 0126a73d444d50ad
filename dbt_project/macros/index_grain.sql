{# A unique index on the grain that the model declares in its meta: a grain that is broken fails the build.
   "nulls not distinct" because an order without a market is a cell like any other. #}
{% macro index_grain() %}
{% if not is_incremental() %}
create unique index on {{ this }} ({{ indexed_grain() }}) nulls not distinct;
{{ vacuum_early() }};
analyze {{ this }}
{% endif %}
{% endmacro %}

{# The grain as its unique index holds it, and as `on conflict` must name it. #}
{% macro indexed_grain() -%}
{%- set indexed = [] %}
{%- for name in config.get('meta')['grain'] %}
    {%- set is_long = ((model.columns.get(name) or {}).get('config') or {}).get('meta', {}).get('is_long') %}
    {%- do indexed.append('md5(' ~ name ~ ')' if is_long else name) %}
{%- endfor %}
{{- indexed | join(', ') }}
{%- endmacro %}

{# Rows that moved leave dead ones behind; by default a fifth of a table may be dead before it is vacuumed. #}
{% macro vacuum_early() %}
alter table {{ this }} set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)
{% endmacro %}
