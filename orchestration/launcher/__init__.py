"""A run launcher that forks runs out of a process which has the code loaded, instead of starting Python anew.

It stands on parts of Dagster that are not its public interface, so Dagster is pinned exactly;
tests/launcher says what to look at when the pin is moved.
"""
