{# From when on the next build looks for changes. A row is written in the ledger's own transaction, so a
   build that is killed leaves the mark, and with it the work, to the next one. #}
{% macro create_build_watermarks() %}
create table if not exists {{ target.schema }}.build_watermarks (
    singleton boolean primary key default true check (singleton),
    low_water_at timestamptz not null,
    as_of timestamptz not null
)
{% endmacro %}

{% macro low_water_mark() -%}
coalesce((select build_watermarks.low_water_at from {{ target.schema }}.build_watermarks), '-infinity')
{%- endmacro %}

{% macro advance_build_watermark() %}
insert into {{ target.schema }}.build_watermarks (low_water_at, as_of)
select low_water_at, as_of from {{ ref('int_build_snapshot') }}
on conflict (singleton) do update set low_water_at = excluded.low_water_at, as_of = excluded.as_of
{% endmacro %}

{# dbt's own delete+insert leaves the rows of an order that yields none any more: a deleted order, a line
   taken out. So the changed orders' rows go first, in the same transaction. #}
{% macro delete_changed_orders() %}
{% if is_incremental() %}
delete from {{ this }} where order_id in (select order_id from {{ ref('int_orders_changed') }})
{% endif %}
{% endmacro %}
