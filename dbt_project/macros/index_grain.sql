{# A unique index on the grain that the model declares in its meta: a grain that is broken fails the build.
   "nulls not distinct" because an order without a market is a cell like any other. #}
{% macro index_grain() %}
{% if not is_incremental() %}
create unique index on {{ this }} ({{ config.get('meta')['grain'] | join(', ') }}) nulls not distinct;
analyze {{ this }}
{% endif %}
{% endmacro %}
