import { firstValueFrom } from 'rxjs';
import { MindsphereCredentialsError } from '../../errors/mindsphere-credentials.error.js';
import { TokenVerifier } from '../../users/token-verifier.js';
import type { UserToken } from '../../users/user-token.js';
import { openRegistration, type Registration } from './registration.js';
import { remedyOf } from './remedies.js';

/** A token has at most 16 kB; more is not read. */
const LONGEST_INPUT = 65_536;

/** Says whether the guard would accept the token on standard input. */
export async function verify(): Promise<number> {
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

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Buffer);
    chunks.push(bytes);
    length += bytes.length;
    if (length > LONGEST_INPUT) break;
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
