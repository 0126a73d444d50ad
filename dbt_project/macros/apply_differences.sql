{# How sums change: by the sums of the ledger's changes, exact on integers. A cell that the last ledger row has left
   is no cell any more, as in a rebuild. #}
{% macro get_incremental_apply_differences_sql(arguments) %}
{%- set cells, moved = arguments.target_relation, arguments.temp_relation %}
{%- set grain = config.get('meta')['grain'] %}
{%- set columns = arguments.dest_columns | map(attribute='name') | list %}
{%- set sums = columns | reject('in', grain) | list %}
insert into {{ cells }} as cells ({{ columns | join(', ') }})
select {{ columns | join(', ') }}
from {{ moved }}
where {{ sums | join(' <> 0 or ') }} <> 0
on conflict ({{ indexed_grain() }}) do update set
    {%- for column in sums %}
    {{ column }} = {{ wrapped('cells.' ~ column ~ '::numeric + excluded.' ~ column) if column in money_columns()
        else 'cells.' ~ column ~ ' + excluded.' ~ column }}{{ ',' if not loop.last }}
    {%- endfor %};

-- found by the index, cell by cell: with a plain join the planner looks for 0 in all rows
delete from {{ cells }}
where ctid in (
    select gone.ctid
    from {{ moved }} as moved
    cross join lateral (
        select cells.ctid
        from {{ cells }} as cells
        where {{ same_values('cells', 'moved', grain) }} and cells.entries = 0
        offset 0
    ) as gone
    where moved.entries < 0
)
{% endmacro %}

{# How rows change that are no sums: those that have the changes' keys are computed anew. #}
{% macro get_incremental_replace_changed_sql(arguments) %}
{%- set rows, computed = arguments.target_relation, arguments.temp_relation %}
{%- set columns = arguments.dest_columns | map(attribute='name') | join(', ') %}
{%- set keys = config.get('meta')['changes_by'] %}
delete from {{ rows }} as rows
where ({{ keys | join(', ') }}) in (
    select ledger_changes.{{ keys | join(', ledger_changes.') }} from {{ unapplied_changes() }}
);

insert into {{ rows }} ({{ columns }})
select {{ columns }} from {{ computed }}
{% endmacro %}
