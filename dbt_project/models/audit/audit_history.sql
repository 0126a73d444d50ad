-- The same for everything, once after a rebuild: then all cells are new.
{{ audits() }}
