{# What a build leaves to the next one, beside the models' own rows. Kept out of the models because it is written
   in their transactions: a build that is killed leaves rows and state as they were, and the work to the next one.

   build_watermarks  from when on the next build looks for changes, and up to when the ledger tells the source
   model_changes     by model: the last of the ledger's changes that is in its rows, and by which it was made anew
   ledger_changes    rows that entered (sign 1) or left (-1) the ledger and are not published yet; made with the ledger
   ledger_shops      the shops' timezones and currencies that the ledger was computed with
   ledger_rates      the exchange rates that the ledger was computed with
   ledger_currencies the currencies and their decimals that the ledger was computed with
   ledger_findings   ledger rows that contradict the source, found when they were computed
   orders_marked     orders that the next build must compute anew, whatever their updated_at says
   project_built     digest of the project whose views are all here; written by Dagster, cleared by whatever runs dbt #}
{% macro create_build_state() %}
create sequence if not exists {{ target.schema }}.change_ids;

create table if not exists {{ target.schema }}.build_watermarks (
    singleton boolean primary key default true check (singleton),
    low_water_at timestamptz not null,
    as_of timestamptz not null
);

create table if not exists {{ target.schema }}.model_changes (
    model text primary key,
    applied_id bigint not null default 0,
    rebuilt_id bigint not null default 0
);

create table if not exists {{ target.schema }}.ledger_shops (
    shop_id uuid primary key,
    timezone text not null,
    currencies text [] not null
);

create table if not exists {{ target.schema }}.ledger_rates (
    currency text,
    day date,
    per_eur numeric not null,
    primary key (currency, day)
);

create table if not exists {{ target.schema }}.ledger_currencies (
    currency text primary key,
    minor_digits integer not null
);

create table if not exists {{ target.schema }}.ledger_findings (
    shop_id uuid not null,
    order_id bigint not null,
    audit text not null,
    day date not null,
    metric text not null,
    expected numeric not null,
    found numeric not null
);

create table if not exists {{ target.schema }}.orders_marked (order_id bigint primary key);
create table if not exists {{ target.schema }}.project_built (digest text primary key);
delete from {{ target.schema }}.project_built;
{% if var('publisher_role') %}
grant insert on {{ target.schema }}.orders_marked, {{ target.schema }}.project_built to {{ var('publisher_role') }};
{% endif %}

-- a model that comes back after it was taken out has missed changes: it is made anew
delete from {{ target.schema }}.model_changes where model not in ({{ "'" ~ model_names() | join("', '") ~ "'" }});

do $$
begin
    if not pg_has_role('pg_read_all_stats', 'usage') then
        raise exception 'grant pg_read_all_stats to %: without it a build cannot see which transactions are open,'
            ' and loses what they commit later', current_user;
    end if;
end
$$
{% endmacro %}

{% macro model_names() %}
    {% set names = [] %}
    {% if execute %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' %}{% do names.append(node.name) %}{% endfor %}
    {% endif %}
    {{ return(names) }}
{% endmacro %}

{# A table of the build's state; not a ref, since it is no model. #}
{% macro state(table) %}{{ target.schema }}.{{ table }}{% endmacro %}

{# From when on the next build looks for changes. A mark that is later than now allows is of a clock that was set back
   since, or of another server's: what changed meanwhile may bear any time of its last day. #}
{% macro low_water_mark() -%}
coalesce(
    (
        select
            case
                when low_water_at > now() - interval '{{ var("clock_skew") }}' then now() - interval '1 day'
                else low_water_at
            end
        from {{ state('build_watermarks') }}
    ),
    '-infinity'
)
{%- endmacro %}

{% macro low_water_literal() %}
    {% if not execute %}{{ return("'-infinity'") }}{% endif %}
    {{ return("timestamptz '" ~ run_query('select (' ~ low_water_mark() ~ ')::text').rows[0][0] ~ "'") }}
{% endmacro %}

{# Each change has one id for all its rows. A model adds those that came after the last it has. #}
{% macro unapplied_changes() -%}
(
    select ledger_changes.*
    from {{ state('ledger_changes') }}
    where ledger_changes.change_id > (
        select model_changes.applied_id from {{ state('model_changes') }} where model_changes.model = '{{ this.name }}'
    )
) as ledger_changes
{%- endmacro %}

{# Rebuild a model also when the ledger was rebuilt since: the changes in between are not kept. A table whose rows are
   replaced is made anew if the views are that would fall with it. #}
{% macro should_full_refresh() %}
    {% if execute and config.get('incremental_strategy') == 'replace_rows' %}
        {{ return(flags.FULL_REFRESH or selected_views_on(model.unique_id) | length > 0) }}
    {% endif %}
    {% if flags.FULL_REFRESH or not execute or model.resource_type != 'model' or model.name == 'fct_ledger' %}
        {{ return(flags.FULL_REFRESH) }}
    {% endif %}
    {% set found = run_query(
        "select own.applied_id is null or own.applied_id < ledger.rebuilt_id from " ~ state('model_changes')
        ~ " as ledger left join " ~ state('model_changes') ~ " as own on own.model = '" ~ model.name
        ~ "' where ledger.model = 'fct_ledger'"
    ) %}
    {{ return(found.rows | length == 0 or found.rows[0][0]) }}
{% endmacro %}
