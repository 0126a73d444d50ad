"""The reports beside what a user would pick instead: plain SQL on the sources, and Cube with its pre-aggregations."""
