// Signs the official Node driver in to the local warehouse, in each way that it has and that needs no person.
//
// usage: node_login.cjs HOST PORT PROXY_PORT ISSUER_KEY      with LOGIN_SECRET and NODE_EXTRA_CA_CERTS set
//
// Prints one line for each way: its name, and `ok` or what went wrong. The driver signs in to hosts of Databricks only, so
// the warehouse has such a name, HOST, and is reached through a proxy on this machine, which is a documented setting.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const https = require('https');
const tls = require('tls');
const { DBSQLClient, DBSQLLogger, LogLevel } = require('@databricks/sql');

const [host, port, proxyPort, issuerKey] = process.argv.slice(2);
const place = {
  host,
  path: '/sql/1.0/warehouses/local',
  proxy: { protocol: 'http', host: '127.0.0.1', port: Number(proxyPort) },
  telemetryEnabled: false,
  retryMaxAttempts: 1,
  retriesTimeout: 1000,
};

// The one request that ignores the proxy setting is the exchange of tokens: it uses Node's own agent. What DNS and port 443
// would do for it elsewhere, this does here; certificates are verified all the same.
https.globalAgent.createConnection = (options, done) => {
  if (options.host !== host) throw new Error(`no other host than ${host} is to be reached, and not ${options.host}`);
  return tls.connect({ ...options, host: '127.0.0.1', port: Number(port), servername: host }, done);
};

function foreignToken() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'https://issuer.example', sub: 'worker', exp: Math.floor(Date.now() / 1000) + 600 };
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), fs.readFileSync(issuerKey)).toString('base64url')}`;
}

async function query(credentials) {
  const client = new DBSQLClient({ logger: new DBSQLLogger({ level: LogLevel.error }) });
  await client.connect({ ...place, ...credentials });
  const session = await client.openSession();
  try {
    const operation = await session.executeStatement('SELECT 42 AS answer');
    const rows = await operation.fetchAll();
    await operation.close();
    return rows[0].answer;
  } finally {
    await session.close();
    await client.close();
  }
}

const ways = {
  'service principal': () =>
    query({ authType: 'databricks-oauth', oauthClientId: 'interop', oauthClientSecret: process.env.LOGIN_SECRET }),
  'token of another issuer': () =>
    query({ authType: 'static-token', staticToken: foreignToken(), enableTokenFederation: true }),
  'token of another issuer, as a service principal': () =>
    query({
      authType: 'external-token',
      getToken: async () => foreignToken(),
      enableTokenFederation: true,
      federationClientId: 'principal',
    }),
};

async function main() {
  for (const [name, way] of Object.entries(ways)) {
    let outcome;
    try {
      const answer = await way();
      outcome = answer === 42 ? 'ok' : `answered ${answer}`;
    } catch (error) {
      outcome = `${error.name}: ${error.message}`;
    }
    if (outcome !== 'ok') process.exitCode = 1;
    console.log(`${name}: ${outcome}`);
  }
}

main();
