{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'audit_source_values'}}}) }}

-- A warning: publishing holds back the shops named here, and goes on with the others.
select * from {{ ref('audit_source_values') }}
