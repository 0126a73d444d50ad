with

shops as (

    select * from {{ ref('stg_preorders__shops') }}

)

select
    shop_id,

    shop_name,
    currency,
    timezone
from shops
