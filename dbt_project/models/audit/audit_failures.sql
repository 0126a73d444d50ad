-- Whatever else fails here, its shop alone is held back. Costs follow the changes that are not published yet.
{{ audits(changed_only=true) }}
