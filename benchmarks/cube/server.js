// Cube beside the API: its own server, its pre-aggregations in the same PostgreSQL. Usage: node server.js PORT
const express = require('express');
const { ApiGateway } = require('@cubejs-backend/api-gateway');
const { NativeInstance } = require('@cubejs-backend/native');
const { CubejsServerCore } = require('@cubejs-backend/server-core');

// A binary that is not in the registry serves its SQL interface and Jinja templates; neither is used here.
ApiGateway.prototype.createSQLServerInstance = () => null;
NativeInstance.prototype.newJinjaEngine = () => null;

const core = new CubejsServerCore({
  schemaPath: 'model',
  cacheAndQueueDriver: 'memory',
  telemetry: false,
  devServer: false,
  scheduledRefreshTimer: false,
  checkAuth: () => {},
  scheduledRefreshTimeZones: ['America/New_York'],
});

const app = express();
core.initApp(app).then(() => app.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening')));
