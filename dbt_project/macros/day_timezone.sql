{# The timezone by which a shop's days are told. PostgreSQL takes four names of the IANA database for abbreviations, with the
   same offset all year: they are said by a place that they stand for. #}
{% macro day_timezone(timezone) -%}
case {{ timezone }}
    when 'CET' then 'Europe/Brussels'
    when 'MET' then 'Europe/Brussels'
    when 'EET' then 'Europe/Athens'
    when 'WET' then 'Europe/Lisbon'
    else {{ timezone }}
end
{%- endmacro %}
