import {
  MindsphereCredentialsError,
  type MindsphereCredentialsModuleOptions,
  TokenVerifier,
  UserToken,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { APP, startWith } from './application.js';
import { KeyServer, type TestKey } from './key-server.js';

/** What a token is worth to a verifier: `'ok'`, or the code of the refusal. */
export type Verdict = string;

/** A verifier and the key server it asks. */
export interface VerifierLab {
  readonly server: KeyServer;
  readonly verifier: TokenVerifier;
  readonly verify: (jwt: string) => Promise<UserToken>;
  readonly verdict: (jwt: string) => Promise<Verdict>;
}

/**
 * App `myapp`, hosted by `host1`, configured for tenant `acme`; the server publishes these keys for every tenant. Each
 * issuer's own set decides, unless the options say otherwise.
 */
export async function verifierLab(
  keys: readonly TestKey[],
  options: MindsphereCredentialsModuleOptions = {},
): Promise<VerifierLab> {
  const server = await KeyServer.start(...keys);
  const verifier = await verifierAt(server, options);
  return {
    server,
    verifier,
    verify: (jwt) => firstValueFrom(verifier.verify(jwt)),
    verdict: (jwt) => verdictOf(verifier, jwt),
  };
}

/** One more verifier, of an application of its own. */
export async function verifierAt(
  server: KeyServer,
  options: MindsphereCredentialsModuleOptions = {},
): Promise<TokenVerifier> {
  const verification = { keySetTenant: false as const, ...options.verification };
  const module = await startWith({ ...server.platform.urls, app: APP, tenant: false, ...options, verification });
  return module.get(TokenVerifier);
}

/** Verifies a token. Fails the test where something else than an error of this library comes out. */
export async function verdictOf(verifier: TokenVerifier, jwt: string): Promise<Verdict> {
  const seen = await firstValueFrom(verifier.verify(jwt)).catch((error: unknown) => error);
  if (seen instanceof UserToken && seen.verified && seen.value === jwt) return 'ok';
  if (seen instanceof MindsphereCredentialsError) return seen.code;
  throw new Error(`neither a user nor an error of the library, but ${String(seen)}`, { cause: seen });
}
