// Runs the statements with the official Node driver and writes down what it returned, one JSON line each.
//
// usage: node_driver.cjs STATEMENTS OUTPUT      with DBSQL_DSN set
//
// With DBSQL_INTEROP_ROWS=columns it asks for column-based pages instead of Arrow, as old clients do.
// The form of values and of errors is described in compare.py.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const { DBSQLClient, DBSQLLogger, DBSQLParameter, LogLevel } = require('@databricks/sql');

const PEER = process.env.DBSQL_INTEROP_ROWS === 'columns' ? 'columns' : 'node';
const PARAMETER_TYPES = { INT: 'INTEGER' };

function parameterOf(item) {
  if (item.value === null) return new DBSQLParameter({ value: null });
  const type = PARAMETER_TYPES[item.type] || item.type;
  const value = item.type === 'BIGINT' ? BigInt(item.value) : item.value;
  return new DBSQLParameter({ type, value });
}

function optionsOf(statement) {
  if (!statement.parameters) return {};
  if (statement.parameters[0].name) {
    const named = statement.parameters.map((item) => [item.name, parameterOf(item)]);
    return { namedParameters: Object.fromEntries(named) };
  }
  return { ordinalParameters: statement.parameters.map(parameterOf) };
}

function tagged(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'bigint') return { integer: value.toString() };
  if (typeof value === 'number') return { number: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value === 'string') return { text: value };
  if (value instanceof Date) return { instant: value.toISOString() };
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return { list: value.map(tagged) };
  if (typeof value.toNumber === 'function') return { number: String(value.toNumber()) }; // 64-bit wrapper of older paths
  return { object: Object.entries(value).map(([key, item]) => [key, tagged(item)]) };
}

function warehouse() {
  return process.env.DBSQL_DSN.match(/^http:\/\/token:([^@]*)@([^:/]+):(\d+)(\/[^?]*)/).slice(1);
}

async function journal(method) {
  const [token, host, port] = warehouse();
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`http://${host}:${port}/_local/journal`, { method, headers })).json();
}

// Reads a large result, and says what it is made of, in how many files it came, and how many bytes travelled. The driver
// asks for LZ4 only where it downloads nothing.
async function runDownload(session, statement) {
  await journal('DELETE');
  const operation = await session.executeStatement(statement.sql, { useCloudFetch: statement.files });
  const digest = crypto.createHash('sha256');
  let rows = 0;
  try {
    do {
      const chunk = await operation.fetchChunk({ maxRows: 77777 });
      for (const row of chunk) digest.update(`${Object.values(row).join('\t')}\n`);
      rows += chunk.length;
    } while (await operation.hasMoreRows());
  } finally {
    await operation.close();
  }
  const replies = (await journal('GET')).entries.filter((each) => each.status === 200);
  const files = replies.filter((each) => each.path.startsWith('/_storage/')).length;
  const bytes = replies.reduce((sum, each) => sum + each.response_bytes, 0);
  return { rows, sha256: digest.digest('hex'), files, bytes };
}

async function runStatement(session, statement) {
  const operation = statement.call
    ? await session[statement.call.node](statement.call.node_arguments || {})
    : await session.executeStatement(statement.sql, optionsOf(statement));
  try {
    if (statement.check === 'lines') {
      const lines = [];
      do {
        for (const row of await operation.fetchChunk({ maxRows: 77777 })) lines.push(Object.values(row).join('\t'));
      } while (await operation.hasMoreRows());
      return { lines };
    }
    const schema = await operation.getSchema();
    const columns = schema ? schema.columns.map((column) => column.columnName) : [];
    if (statement.check === 'affected') {
      const status = await operation.status();
      const count = status.numModifiedRows;
      return { columns, affected: count === undefined || count === null ? null : Number(count) };
    }
    const rows = await operation.fetchAll();
    return { columns, rows: rows.map((row) => columns.map((column) => tagged(row[column]))) };
  } finally {
    await operation.close();
  }
}

async function connect() {
  const [token, host, port, path] = warehouse();
  const logger = new DBSQLLogger({ level: LogLevel.error });
  const client = new DBSQLClient({ logger });
  client.config.arrowEnabled = PEER === 'node';
  // The driver speaks https only; its connection options are the one place that says so.
  const options = client.getConnectionOptions.bind(client);
  client.getConnectionOptions = (given) => ({ ...options(given), https: false });
  return client.connect({
    host, port: Number(port), path, token, telemetryEnabled: false, retryMaxAttempts: 1, retriesTimeout: 1000,
  });
}

async function main() {
  const statements = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const output = fs.openSync(process.argv[3], 'w');
  const client = await connect();
  const session = await client.openSession();
  for (const statement of statements) {
    if (statement.peers && !statement.peers.includes(PEER)) continue;
    let answer;
    try {
      answer = await (statement.check === 'download' ? runDownload : runStatement)(session, statement);
    } catch (error) {
      answer = { error: `${error.name}: ${error.message} ${error.response ? JSON.stringify(error.response) : ''}` };
    }
    fs.writeSync(output, `${JSON.stringify({ name: statement.name, ...answer })}\n`);
  }
  await session.close();
  await client.close();
  fs.closeSync(output);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
