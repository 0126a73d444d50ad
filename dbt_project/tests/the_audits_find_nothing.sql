{# By hand only: it reads all history. A scheduled build audits what has changed, and publishing reads that. #}
{{ config(enabled=target.name != 'served') }}

with

audits as (

    select * from {{ ref('audit_history') }}
    -- what is wrong with the source is no fault of the models; another test warns of it
    except all
    select * from {{ ref('audit_source_values') }}

),

reconciled as (

    select * from {{ ref('reconciliation_rollups') }}

),

events as (

    select
        shop_id,
        audit,
        currency,
        day,
        metric,
        expected,
        found
    from {{ ref('reconciliation_differences') }}

)

select * from audits
union all
select * from reconciled
union all
select * from events
