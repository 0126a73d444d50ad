with

offer_variants as (

    select * from {{ ref('stg_preorders__offer_variants') }}

)

select
    shop_id,
    offer_id,
    variant_id
from offer_variants
where is_attached
