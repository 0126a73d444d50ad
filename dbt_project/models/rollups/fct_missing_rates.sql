with

ledger as (

    {%- if is_incremental() %}
    select * from {{ unapplied_changes() }}
    {%- else %}
    select
        fct_ledger.*,
        1 as sign
    from {{ ref('fct_ledger') }} as fct_ledger
    {%- endif %}

)

{{ missing_rates('ledger') }}
