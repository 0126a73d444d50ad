{# As dbt-postgres makes a table, but one with a contract too by `create table as`, which reads with parallel workers; an
   insert doesn't, and in the order of its grain: rows that are read together lie together, whatever way the sums were
   computed. The contract's only constraints are `not null`. #}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
{%- set grain = config.get('meta', {}).get('grain') %}
{%- set has_contract = config.get('contract').enforced and not temporary %}
{%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
create {{ 'temporary' if temporary }} table {{ relation }} as (
    {{ get_select_subquery(sql) if has_contract else sql }}
    {{ 'order by ' ~ grain | join(', ') if has_contract and grain }}
);
{%- if has_contract %}
alter table {{ relation }}
    {%- for column in model.columns.values() if column.constraints %}
    {{ ', ' if not loop.first }}alter column {{ column.name }} set not null
    {%- endfor %};
{%- endif %}
{%- endmacro %}
