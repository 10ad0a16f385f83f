/*
 * Points SAP's client for UAA, `@sap/xssec`, at the emulator's OAuth server: it gets tokens and verifies them.
 *
 *     npm run test:xssec
 *
 * The package is under the SAP Developer License, so it is no dependency of this project, not even for development: this
 * command installs it into a temporary folder, where the caller accepts that license. Where it cannot be installed,
 * or `openssl` is missing, the command says so and ends with 0.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@sap/xssec@4';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'xssec-'));

try {
  const prepared = prepare();
  if (prepared === undefined) console.log(`Skipped: ${PACKAGE} cannot be installed, or there is no openssl.`);
  else await check(prepared);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Installs the package and makes a certificate, because xssec reads key sets by `https` alone. */
function prepare() {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
  const run = (command, ...options) => execFileSync(command, options, { cwd: folder, stdio: 'pipe' });
  try {
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', PACKAGE);
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    run(
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    );
  } catch (error) {
    console.log(String(error.message).split('\n')[0]);
    return undefined;
  }
  return { xssec: createRequire(join(folder, 'x.js'))('@sap/xssec'), key: readFileSync(key), cert: readFileSync(cert) };
}

async function check({ xssec, key, cert }) {
  const { MindsphereEmulator } = await import(join(root, 'dist/testing/index.js'));
  for (const strict of [false, true]) {
    const emulator = await MindsphereEmulator.start({ strict });
    const front = https.createServer({ key, cert }, (request, response) => forward(request, response, emulator.port));
    await new Promise((resolve) => front.listen(0, 'localhost', resolve));
    https.globalAgent.options.ca = cert;
    try {
      await checkMode(xssec, emulator, front.address().port, strict);
    } finally {
      https.globalAgent.destroy();
      front.close();
      await emulator.close();
    }
  }
}

async function checkMode(xssec, emulator, frontPort, strict) {
  const { clientId: clientid, clientSecret: clientsecret } = emulator.moduleOptions.tenant;
  const serviceOf = (credentials) =>
    new xssec.UaaService(
      { url: emulator.origin, uaadomain: `localhost:${frontPort}`, ...credentials },
      // It takes the host of `url` alone, without its path.
      { endpoints: { token: '/piam/customer/oauth/token', jwks: '/piam/customer/token_keys' } },
    );
  const service = serviceOf({ clientid, clientsecret });
  const step = (what) => console.log(`${strict ? 'strict ' : 'lenient'}  ${what}`);

  const wrong = await serviceOf({ clientid, clientsecret: 'wrong' })
    .fetchClientCredentialsToken()
    .catch((error) => error);
  assert.equal(wrong.responseCode, 401, String(wrong));
  step(`a wrong secret: ${wrong.constructor.name}, ${wrong.responseCode}`);

  const { access_token: technical } = await service.fetchClientCredentialsToken();
  const context = await service.createSecurityContext(technical);
  assert.equal(context.token.payload.ten, 'customer');
  step('gets a technical token by the form, and verifies it');

  const user = emulator.issueUserToken();
  const app = serviceOf({ clientid: 'myapp-operator', clientsecret: 'none' });
  const ofUser = await app.createSecurityContext(user);
  assert.equal(ofUser.token.payload.ten, 'customer');
  step("verifies a user's token");

  const [header, , signature] = user.split('.');
  const changed = [header, emulator.issueUserToken({ userName: 'eve' }).split('.')[1], signature].join('.');
  const refusal = await app.createSecurityContext(changed).catch((error) => error);
  assert.equal(refusal.constructor.name, 'InvalidTokenSignatureError', String(refusal));
  step(`refuses a changed token: ${refusal.constructor.name}`);

  emulator.rotateKeys();
  const rotated = await app.createSecurityContext(emulator.issueUserToken()).catch((error) => error);
  step(`after a rotation: ${rotated instanceof Error ? rotated.constructor.name : 'verifies'}`);
}

function forward({ method, url, headers }, response, port) {
  const { host: _host, ...rest } = headers;
  http
    .request({ port, path: url, method, headers: { ...rest, host: `127.0.0.1:${port}` } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    })
    .end();
}
