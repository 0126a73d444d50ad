{# How the ledger changes: of the orders computed anew, only the rows that differ leave and enter it, and the same
   transaction notes them as a change, for everything that is summed from the ledger and for publishing. #}
{% macro get_incremental_record_differences_sql(arguments) %}
{%- set ledger, computed = arguments.target_relation, arguments.temp_relation %}
{%- set columns = arguments.dest_columns | map(attribute='name') | join(', ') %}
create temporary table ledger_differences on commit drop as
select {{ columns }}, sum(sign)::smallint as sign
from (
    select {{ columns }}, 1 as sign
    from {{ computed }}
    union all
    select {{ columns }}, -1
    from {{ ledger }}
    where order_id in (select order_id from {{ ref('int_orders_changed') }})
    union all
    -- a line, payment or refund that moved here after the changed orders were listed: the order that it left was not
    -- among them. By the index, for each: a join would read the whole ledger.
    select {{ columns }}, -1
    from (
        select distinct
            entry_id as moved_id,
            case
                when entry in ('placed', 'cancelled', 'balance_voided') then array['placed', 'cancelled', 'balance_voided']
                when entry = 'refunded' then array['refunded']
                else array['deposit_collected', 'balance_collected', 'balance_failed', 'balance_relieved']
            end as moved_entries
        from {{ computed }}
    ) as moved
    cross join lateral (
        select ledger.*
        from {{ ledger }} as ledger
        where
            ledger.entry_id = moved.moved_id and ledger.entry = any(moved.moved_entries)
            and ledger.order_id not in (select order_id from {{ ref('int_orders_changed') }})
        offset 0
    ) as left_behind
) as old_and_new
group by {{ columns }}
having sum(sign) <> 0;

-- the rest of the order that it left is computed by the next build: what else was paid, or what its cancelling voided
insert into {{ state('orders_marked') }} (order_id)
select distinct order_id
from ledger_differences
where sign = -1 and order_id not in (select order_id from {{ ref('int_orders_changed') }})
on conflict do nothing;

delete from {{ ledger }} as ledger
using ledger_differences as gone
where
    gone.sign = -1
    and ledger.order_line_id = gone.order_line_id
    and ledger.entry = gone.entry
    and ledger.entry_id = gone.entry_id
    and ledger.currency = gone.currency;

insert into {{ ledger }} ({{ columns }})
select {{ columns }} from ledger_differences where sign = 1;

update {{ state('model_changes') }}
set applied_id = nextval('{{ state("change_ids") }}')
where model = 'fct_ledger' and exists (select from ledger_differences);

insert into {{ state('ledger_changes') }} (change_id, sign, {{ columns }})
select model_changes.applied_id, ledger_differences.sign, {{ columns }}
from ledger_differences
cross join {{ state('model_changes') }}
where model_changes.model = 'fct_ledger'
{% endmacro %}

{# Before the ledger changes. One snapshot for all of its transaction, so that the audit of the changed orders sees what
   they were computed from. The build whose snapshot is the latest goes on; one that began earlier would record
   the other's instant with its own, older list of changed orders. #}
{% macro begin_ledger() %}
commit;
begin isolation level repeatable read;
{{ refuse_if_another_began() }};
{% if is_incremental() %}{{ refuse_other_currencies() }};{% endif %}
{{ begin_changes() }}
{% endmacro %}

{# Decimals say what every amount is, and each currency which reports there are: an edit of them makes all history anew. #}
{% macro refuse_other_currencies() %}
do $$
declare
    edited text;
begin
    select string_agg(coalesce(old.currency, new.currency), ', ' order by coalesce(old.currency, new.currency))
    into edited
    from {{ state('ledger_currencies') }} as old
    full outer join {{ ref('stg_preorders__currencies') }} as new on old.currency = new.currency
    where old.minor_digits is distinct from new.minor_digits and exists (select from {{ state('ledger_currencies') }});
    if edited is not null then
        raise exception 'seeds/currencies.csv has other decimals than the ledger was computed with, or more or fewer'
            ' currencies (%): launch full_refresh, or preorders build --full-refresh', edited;
    end if;
end
$$
{% endmacro %}

{# Of two builds at once, the one whose snapshot is the later goes on: the list of changed orders is read with its own. #}
{% macro refuse_if_another_began() %}
do $$
begin
    if not exists (select from {{ ref('int_build_snapshot') }} where invocation_id = '{{ invocation_id }}') then
        raise exception 'another build began after this one, or int_build_snapshot was not built with {{ this.name }}';
    end if;
end
$$
{% endmacro %}

{# After it has changed: what it was computed with, and from when on the next build looks for changes. #}
{% macro end_ledger() %}
{% if not is_incremental() %}
    {% do adapter.drop_relation(api.Relation.create(database=this.database, schema=this.schema, identifier='ledger_changes', type='table')) %}
create table {{ state('ledger_changes') }} (change_id bigint not null, sign smallint not null, like {{ this }});
create index on {{ state('ledger_changes') }} (change_id);
create index on {{ state('ledger_changes') }} (shop_id);
{% if var('publisher_role') %}grant delete on {{ state('ledger_changes') }} to {{ var('publisher_role') }};{% endif %}

create index on {{ this }} (rate_on) where currency <> order_currency;
create index on {{ this }} (shop_id) where order_amount_minor is null;
create index on {{ this }} (shop_id) where {{ has_large_amount() }};
{{ vacuum_early() }};
analyze {{ this }};
update {{ state('model_changes') }} set applied_id = rebuilt_id where model = 'fct_ledger';
delete from {{ state('ledger_findings') }};
{% else %}
{{ audit_changed_orders() }};
{% endif %}
insert into {{ state('build_watermarks') }} (low_water_at, as_of)
select low_water_at, as_of from {{ ref('int_build_snapshot') }}
on conflict (singleton) do update set low_water_at = excluded.low_water_at, as_of = excluded.as_of;

delete from {{ state('ledger_shops') }} as old
where not exists (
    select from {{ ref('int_shops_frozen') }} as new
    where new.is_computable and (new.shop_id, new.timezone, new.currencies) = (old.shop_id, old.timezone, old.currencies)
);
insert into {{ state('ledger_shops') }} (shop_id, timezone, currencies)
select shop_id, timezone, currencies from {{ ref('int_shops_frozen') }} where is_computable
on conflict do nothing;

delete from {{ state('ledger_currencies') }};
insert into {{ state('ledger_currencies') }} (currency, minor_digits)
select currency, minor_digits from {{ ref('stg_preorders__currencies') }};

delete from {{ state('ledger_rates') }} as old
where not exists (
    select from {{ ref('int_fx_rates_daily') }} as new
    where (new.currency, new.day, new.per_eur) = (old.currency, old.day, old.per_eur)
);
insert into {{ state('ledger_rates') }} (currency, day, per_eur)
select currency, day, per_eur from {{ ref('int_fx_rates_daily') }}
on conflict do nothing;

delete from {{ state('orders_marked') }} where order_id in (select order_id from {{ ref('int_orders_changed') }});

analyze {{ state('ledger_changes') }}
{% endmacro %}
