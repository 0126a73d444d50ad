{# A condition that two rows have the same values in some columns. Equality first: `is not distinct from` uses neither
   an index nor a hash, and is only added for the columns that may be null. #}
{% macro same_values(left, right, columns) -%}
{%- set conditions = [] %}
{%- for column in columns %}
    {%- set constraints = (model.columns.get(column) or {}).get('constraints') or [] %}
    {%- set operator = '=' if constraints else 'is not distinct from' %}
    {%- do conditions.append(left ~ '.' ~ column ~ ' ' ~ operator ~ ' ' ~ right ~ '.' ~ column) %}
{%- endfor %}
{{- conditions | join(' and ') }}
{%- endmacro %}
