// What the three questions need, kept in the same database: additive sums by shop, offer and day.
cube('lines', {
  sql: `
    select lines.*, orders.placed_at
    from app.order_lines as lines
    inner join app.orders on orders.id = lines.order_id
    where not orders.test and orders.deleted_at is null
  `,
  refreshKey: { every: '1 hour' },
  dimensions: {
    shop_id: { sql: 'shop_id', type: 'string' },
    offer_id: { sql: 'offer_id', type: 'string' },
    placed_at: { sql: 'placed_at', type: 'time' },
  },
  measures: {
    units: { sql: 'quantity', type: 'sum' },
    revenue: { sql: 'total', type: 'sum' },
    deposits: { sql: 'deposit', type: 'sum' },
    balances: { sql: 'balance', type: 'sum' },
  },
  preAggregations: {
    by_shop: {
      measures: [CUBE.units, CUBE.revenue, CUBE.deposits, CUBE.balances],
      dimensions: [CUBE.shop_id],
      timeDimension: CUBE.placed_at,
      granularity: 'day',
      external: false,
      refreshKey: { every: '1 hour' },
      indexes: { one_shop: { columns: [CUBE.shop_id] } },
    },
    by_offer: {
      measures: [CUBE.units, CUBE.revenue, CUBE.deposits, CUBE.balances],
      dimensions: [CUBE.shop_id, CUBE.offer_id],
      timeDimension: CUBE.placed_at,
      granularity: 'day',
      external: false,
      refreshKey: { every: '1 hour' },
      indexes: { one_offer: { columns: [CUBE.shop_id, CUBE.offer_id] } },
    },
  },
});
