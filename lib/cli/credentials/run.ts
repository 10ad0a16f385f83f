import { firstValueFrom } from 'rxjs';
import { AppCredentials } from '../../credentials/app.credentials.js';
import { TenantCredentials } from '../../credentials/tenant.credentials.js';
import { MindsphereCredentialsError } from '../../errors/mindsphere-credentials.error.js';
import type { MindsphereCredentials } from '../../token/mindsphere-credentials.js';
import { TokenVerifier } from '../../users/token-verifier.js';
import type { UserToken } from '../../users/user-token.js';
import { type Command, readArguments, type TokenChoice, UsageError } from './arguments.js';
import { USAGE } from './usage.js';
import { doctor } from './doctor.js';
import { loadDotenv, maskOf, openRegistration, type Registration } from './registration.js';
import { remedyOf } from './remedies.js';

/** Runs one command. Returns the status of the process. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await execute(readArguments(args));
  } catch (error) {
    // The message of any other error may hold a secret.
    const message =
      error instanceof UsageError ? `${error.message} (--help explains the options)` : 'it failed unexpectedly';
    process.stderr.write(`mindsphere-credentials: ${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function execute(command: Command): Promise<number> {
  if (command.name === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  loadDotenv(command.dotenv);
  if (command.name === 'doctor') return doctor(command);
  return command.name === 'token' ? printToken(command) : verify();
}

/** Prints a valid token on standard output, or the error on standard error. */
async function printToken({ header, ...choice }: TokenChoice & { readonly header: boolean }): Promise<number> {
  let registration: Registration | undefined;
  try {
    registration = await openRegistration();
    const token = await firstValueFrom(chosen(registration, choice).getToken());
    process.stdout.write(header ? `Authorization: ${token.authorization}\n` : `${token.value}\n`);
    return 0;
  } catch (failure) {
    if (!(failure instanceof MindsphereCredentialsError)) throw failure;
    const remedy = remedyOf(failure);
    const mask = await maskOf(registration?.options);
    process.stderr.write(mask(`${failure.code}: ${failure.message}\n${remedy === undefined ? '' : `${remedy}\n`}`));
    return 1;
  } finally {
    await registration?.nest.close();
  }
}

/** The chosen credentials; where the choice is incomplete, the configured ones, app before tenant. */
function chosen({ nest, options }: Registration, choice: TokenChoice): MindsphereCredentials {
  const site = options.platforms.find(({ rules, app, tenant }) =>
    choice.platform === undefined ? app !== undefined || tenant !== undefined : rules.platform === choice.platform,
  );
  const platform = choice.platform ?? site?.rules.platform ?? options.platforms[0].rules.platform;
  if (kindOf(choice, site?.app !== undefined) === 'tenant') {
    const tenant = nest.get(TenantCredentials, { strict: false }).on(platform);
    return choice.subtenant === undefined ? tenant : tenant.forSubtenant(choice.subtenant);
  }
  const app = nest.get(AppCredentials, { strict: false }).on(platform);
  return choice.userTenant === undefined ? app : app.forUserTenant(choice.userTenant);
}

function kindOf({ credentials, userTenant, subtenant }: TokenChoice, hasApp: boolean): 'app' | 'tenant' {
  if (credentials !== undefined) return credentials;
  if (userTenant !== undefined) return 'app';
  return subtenant !== undefined || !hasApp ? 'tenant' : 'app';
}

/** Prints whether the guard would accept the token on standard input. */
async function verify(): Promise<number> {
  const jwt = (await readInput()).trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '');
  let registration: Registration | undefined;
  try {
    registration = await openRegistration();
    const user = await firstValueFrom(registration.nest.get(TokenVerifier, { strict: false }).verify(jwt));
    process.stdout.write(`${acceptance(user)}\n`);
    return 0;
  } catch (failure) {
    if (!(failure instanceof MindsphereCredentialsError)) throw failure;
    process.stdout.write(`${rejection(failure)}\n`);
    return 1;
  } finally {
    await registration?.nest.close();
  }
}

/** In bytes; a token has at most 16 kB. */
const MAX_INPUT = 65_536;

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Buffer);
    chunks.push(bytes);
    length += bytes.length;
    if (length > MAX_INPUT) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function acceptance(user: UserToken): string {
  const { platform, tenant, tenantName, subtenant, hostTenant, userName, userId, clientId, scopes, expiresAt } = user;
  const known = Object.entries({
    platform,
    tenant,
    'tenant name': tenantName,
    subtenant,
    'host tenant': hostTenant,
    user: userName ?? userId,
    client: clientId,
    scopes: scopes.join(' '),
    expires: expiresAt?.toISOString(),
  }).filter(([, value]) => value !== undefined && value !== '');
  return ['accepted', ...known.map(([name, value]) => `  ${name.padEnd(12)} ${String(value)}`)].join('\n');
}

function rejection(failure: MindsphereCredentialsError): string {
  const remedy = remedyOf(failure);
  const verdict = failure.code === 'key_set_unavailable' ? 'undecided' : 'rejected';
  return [`${verdict}: ${failure.code}`, `  ${failure.message}`, ...(remedy === undefined ? [] : [`  ${remedy}`])].join(
    '\n',
  );
}
