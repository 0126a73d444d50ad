with

offers as (

    select * from {{ ref('stg_preorders__offers') }}

)

select
    shop_id,
    offer_id,

    offer_name,
    status
from offers
