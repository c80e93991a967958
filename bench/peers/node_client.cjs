// The official Node driver at the work of dbsql-bench-client; prints the same JSON. It gives rows, not batches.
//
// usage: node_client.cjs --port PORT --mode rows --sql STATEMENT [--repeat N]
//        node_client.cjs --port PORT --mode queries --queries N [--warm-up N]
'use strict';

const { DBSQLClient, DBSQLLogger, LogLevel } = require('@databricks/sql');
const { version } = require('@databricks/sql/package.json');

const MASK = (1n << 64n) - 1n;
const bits = new DataView(new ArrayBuffer(8));

function parseArguments(list) {
  const parsed = { repeat: 1, queries: 200, 'warm-up': 2000 };
  for (let i = 0; i + 1 < list.length; i += 2) parsed[list[i].replace(/^--/, '')] = list[i + 1];
  return parsed;
}

function textSum(text) {
  return BigInt(text.length + text.charCodeAt(0) * 256 + text.charCodeAt(text.length - 1) * 65536);
}

function bitsSum(value) {
  bits.setFloat64(0, value);
  return bits.getBigUint64(0);
}

// The checksum of workload/checksum.h: by the type of the column, because all numbers are alike here.
const CELL_SUMS = {
  BIGINT_TYPE: (value) => BigInt(value),
  INT_TYPE: (value) => BigInt(value),
  DOUBLE_TYPE: bitsSum,
  STRING_TYPE: textSum,
  DECIMAL_TYPE: (value) => BigInt(Math.round(Number(value) * 100)),
};
const sumOf = (sum, value) => (value === null ? 0n : sum(value));
const TYPE_NAMES = { 3: 'INT_TYPE', 4: 'BIGINT_TYPE', 6: 'DOUBLE_TYPE', 7: 'STRING_TYPE', 15: 'DECIMAL_TYPE' };

async function read(session, statement, makeLook) {
  const operation = await session.executeStatement(statement, {});
  const look = makeLook(await operation.getSchema());
  let rows = 0;
  do {
    for (const row of await operation.fetchChunk({ maxRows: 100000 })) {
      rows += 1;
      look.row(row);
    }
  } while (await operation.hasMoreRows());
  await operation.close();
  return { rows, checksum: look.total() };
}

// Every cell, into the checksum that all clients share.
function everyValue(schema) {
  const sums = schema.columns.map((column) => {
    const { type } = column.typeDesc.types[0].primitiveEntry;
    return [column.columnName, CELL_SUMS[TYPE_NAMES[type]]];
  });
  let total = 0n;
  return {
    row(row) {
      for (const [name, sum] of sums) total += sumOf(sum, row[name]);
    },
    total: () => (total & MASK).toString(),
  };
}

// Every cell, as cheaply as the language allows.
function everyCell(schema) {
  const names = schema.columns.map((column) => column.columnName);
  let total = 0;
  return {
    row(row) {
      for (const name of names) {
        const value = row[name];
        total += typeof value === 'string' ? value.length : Number(value);
      }
    },
    total: () => String(total),
  };
}

function usage() {
  const used = process.resourceUsage();
  return {
    wall_s: Number(process.hrtime.bigint()) / 1e9,
    user_s: used.userCPUTime / 1e6,
    system_s: used.systemCPUTime / 1e6,
    minor_faults: used.minorPageFault,
    major_faults: used.majorPageFault,
    voluntary_switches: used.voluntaryContextSwitches,
    involuntary_switches: used.involuntaryContextSwitches,
  };
}

function difference(begin, end) {
  return Object.fromEntries(Object.keys(begin).map((key) => [key, end[key] - begin[key]]));
}

async function timed(work) {
  const begin = usage();
  const seen = await work();
  return { ...difference(begin, usage()), ...seen };
}

async function runPages(session, options) {
  const cold = await timed(() => read(session, options.sql, everyValue));
  const rows = [];
  for (let i = 0; i < Number(options.repeat); i += 1) {
    rows.push(await timed(() => read(session, options.sql, everyCell)));
  }
  return { cold, verified: { rows: cold.rows, checksum: cold.checksum }, passes: { rows } };
}

async function selectOne(session) {
  const operation = await session.executeStatement('SELECT 1', {});
  const rows = await operation.fetchAll();
  await operation.close();
  if (rows[0]['1'] !== 1) throw new Error('SELECT 1 gave another number');
}

async function runQueries(session, options) {
  for (let i = 0; i < Number(options['warm-up']); i += 1) await selectOne(session);
  const wall = [];
  const begin = usage();
  for (let i = 0; i < Number(options.queries); i += 1) {
    const before = process.hrtime.bigint();
    await selectOne(session);
    wall.push(Number(process.hrtime.bigint() - before) / 1e3);
  }
  const spent = difference(begin, usage());
  wall.sort((a, b) => a - b);
  return {
    queries: wall.length,
    ...spent,
    cpu_us_per_query: ((spent.user_s + spent.system_s) * 1e6) / wall.length,
    p50_us: wall[Math.floor(wall.length / 2)],
    p99_us: wall[Math.floor((wall.length * 99) / 100)],
  };
}

async function connect({ port, sql = '' }) {
  const client = new DBSQLClient({ logger: new DBSQLLogger({ level: LogLevel.error }) });
  // The driver speaks https only; its connection options are the one place that says so.
  const options = client.getConnectionOptions.bind(client);
  client.getConnectionOptions = (given) => ({ ...options(given), https: false });
  client.getConfig().useCloudFetch = sql.includes('form=files'); // newer versions take it in `connect`, too
  return client.connect({
    host: '127.0.0.1', port: Number(port), path: '/sql/1.0/warehouses/bench', token: 'bench',
    telemetryEnabled: false, retryMaxAttempts: 1, retriesTimeout: 1000,
  });
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  const client = await connect(options);
  const session = await client.openSession();
  const report = await (options.mode === 'queries' ? runQueries(session, options) : runPages(session, options));
  await session.close();
  await client.close();
  report.versions = { '@databricks/sql': version, node: process.version };
  report.peak_rss_kib = process.resourceUsage().maxRSS;
  console.log(JSON.stringify(report));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
