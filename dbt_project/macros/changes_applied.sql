{# Before a model changes. Two builds at once take turns at a model: what it reads from stays as it is until its own
   transaction ends, and the second finds the changes applied that the first has applied. #}
{% macro begin_changes() %}
insert into {{ state('model_changes') }} (model) values ('{{ this.name }}') on conflict do nothing;

{% if this.name != 'fct_ledger' %}
select from {{ state('model_changes') }}
where model in ({{ "'" ~ models_read() | join("', '") ~ "'" }})
order by model
for share;
{% endif %}

select from {{ state('model_changes') }} where model = '{{ this.name }}' for update;
{% if not is_incremental() %}
-- of the whole ledger: in the server's usual memory the sums would be sorted on disk first
set local work_mem = '{{ var("rebuild_work_mem") }}';
update {{ state('model_changes') }}
set rebuilt_id = nextval('{{ state("change_ids") }}')
where model = '{{ this.name }}'
{% else %}
{{ look_up_changes() }};
{% if this.name != 'fct_ledger' %}
do $$
begin
    if (select applied_id from {{ state('model_changes') }} where model = '{{ this.name }}')
        < (select rebuilt_id from {{ state('model_changes') }} where model = 'fct_ledger')
    then
        raise exception 'another build rebuilt the ledger meanwhile: build again';
    end if;
end
$$
{% endif %}
{% endif %}
{% endmacro %}

{# Before a statement that looks up few rows in large tables. With the server's default, a random page costs four that are
   read in turn, and from a thousandth of the orders on the planner reads whole tables instead: ten times slower. #}
{% macro look_up_changes() -%}
set local random_page_cost = 1.1
{%- endmacro %}

{# After it has changed: moved, it has all of the ledger's changes; rebuilt, those of the models it was read from. #}
{% macro end_changes() %}
update {{ state('model_changes') }}
set applied_id = (
    select min(source.applied_id)
    from {{ state('model_changes') }} as source
    where source.model {% if is_incremental() %}= 'fct_ledger'{% else %}in ({{ "'" ~ models_read() | join("', '") ~ "'" }}){% endif %}

)
where model = '{{ this.name }}'
{% endmacro %}

{# The ledger, and the models moved by its changes that a model refers to. #}
{% macro models_read() %}
    {% set names = ['fct_ledger'] %}
    {% for id in model.depends_on.nodes %}
        {% set name = id.split('.')[-1] %}
        {% if name.startswith('rollup_') or name.startswith('fct_') %}{% do names.append(name) %}{% endif %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}
