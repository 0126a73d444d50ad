"""How far dbt's models and the published shops are, by the ids of the ledger's changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from orchestration.rollups.dbt_project import PublishedModel


@dataclass(frozen=True)
class ShopState:
    """What a publication starts from.

    Attributes:
        as_of: every change committed to the source before this instant (UTC) is in the models.
        latest_id: the last change or rebuild in the models.
        rebuilt_ids: by model, the id by which it was last made anew: changes before it are not kept.
        shown_ids: by shop, the last id that it shows; none for a shop that was never published, or whose id is of an
            `analytics` that is gone, and was made anew or restored.
        held_back: shops held back by the publication before.
    """

    as_of: datetime
    latest_id: int
    rebuilt_ids: Mapping[str, int]
    shown_ids: Mapping[UUID, int | None]
    held_back: frozenset[UUID]

    @property
    def is_history_new(self) -> bool:
        """Whether something was rebuilt that a shop does not show yet. A shop that is merely new has only changes."""
        rebuilt = max(self.rebuilt_ids.values(), default=0)
        known = [shown for shop, shown in self.shown_ids.items() if shown is not None or shop in self.held_back]
        return not known or any((shown or 0) < rebuilt for shown in known)

    def compared_whole(self, model: PublishedModel, held_back: Sequence[UUID], every_row: bool) -> list[UUID]:
        """Return the shops, but for those held back, that the model was rebuilt for since they were published.

        With `every_row`, all of them.
        """
        rebuilt = self.rebuilt_ids.get(model.name, 0)
        return [
            shop
            for shop, shown in self.shown_ids.items()
            if (every_row or shown is None or shown < rebuilt) and shop not in held_back
        ]


def read_shop_state(connection: psycopg.Connection, models: Sequence[PublishedModel]) -> ShopState:
    """Return the state, if the models are all of one build.

    Raises:
        RuntimeError: they are not: dbt has not built the ledger yet, or stopped half-way since.
    """
    row = connection.execute("select as_of from analytics.build_watermarks").fetchone()
    if row is None:
        raise RuntimeError("nothing to publish: dbt has not built the ledger yet")
    progress = {
        name: (applied, rebuilt)
        for name, applied, rebuilt in connection.execute("select * from analytics.model_changes").fetchall()
    }
    ledger_applied, _ = progress["fct_ledger"]
    behind = [
        model.name for model in models if model.is_moved and progress.get(model.name, (None, 0))[0] != ledger_applied
    ]
    if behind:
        raise RuntimeError(f"{', '.join(behind)} lack changes that the ledger has: build the models to the end first")
    (undated,) = connection.execute(
        """
        select string_agg(coalesce(frozen.shop_id, dated.shop_id)::text, ', ')
        from (select * from analytics.int_shops_frozen where is_computable) as frozen
        full outer join analytics.ledger_shops as dated on frozen.shop_id = dated.shop_id
        where (frozen.timezone, frozen.currencies) is distinct from (dated.timezone, dated.currencies)
        """
    ).fetchone() or (None,)
    if undated is not None:
        raise RuntimeError(
            f"the ledger is not yet of the timezone and currencies that dim_shops shows for {undated}: build the"
            " models to the end first"
        )
    latest_id = max(max(pair) for pair in progress.values())
    shown_ids = connection.execute(
        """
        select coalesce(built.shop_id, served.shop_id), served.change_id
        from (select shop_id from analytics.dim_shops union select shop_id from analytics.ledger_changes) as built
        full outer join reports.shop_changes as served on built.shop_id = served.shop_id
        """
    ).fetchall()
    held_back = connection.execute("select shop_id from reports.shops_held_back").fetchall()
    return ShopState(
        as_of=row[0],
        latest_id=latest_id,
        rebuilt_ids={name: rebuilt for name, (_, rebuilt) in progress.items()},
        shown_ids={shop: None if shown is None or shown > latest_id else shown for shop, shown in shown_ids},
        held_back=frozenset(shop for (shop,) in held_back),
    )


def remember_shops(connection: psycopg.Connection, state: ShopState, held_back: Sequence[UUID]) -> None:
    """Note what the shops show now; clear their changes, but for those of shops held back."""
    published = [shop for shop in state.shown_ids if shop not in held_back]
    connection.execute(
        "insert into reports.shop_changes (shop_id, change_id) select unnest(%s::uuid[]), %s"
        " on conflict (shop_id) do update set change_id = excluded.change_id"
        " where shop_changes.change_id <> excluded.change_id",
        (published, state.latest_id),
    )
    connection.execute("delete from analytics.ledger_changes where shop_id <> all(%s)", (list(held_back),))
    connection.execute("delete from reports.shops_held_back where shop_id <> all(%s)", (list(held_back),))
    connection.execute(
        "insert into reports.shops_held_back (shop_id) select unnest(%s::uuid[]) on conflict do nothing",
        (list(held_back),),
    )
