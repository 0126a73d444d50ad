{# An instant or a day, kept within the years that every timezone, week and month of PostgreSQL can tell. An order's instant
   beyond them would be an error, which stops the build of all shops; no window of a report reaches these years. #}
{% macro in_common_years(instant_or_day) -%}
{%- set first, last = "'0001-01-03 00:00+00'", "'9999-12-29 00:00+00'" -%}
case when {{ instant_or_day }} < {{ first }} then {{ first }} when {{ instant_or_day }} > {{ last }} then {{ last }} else {{ instant_or_day }} end
{%- endmacro %}
