import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/*
 * Of this process, not of an application: where a name is looked for, Nest does not tell for which application. So what
 * one application knows is not refused in another; Nest itself then says that it cannot be resolved.
 */
const registered = new Set<string>();
const mentioned = new Set<string>();
let registrations = 0;

/** Notes that a registration was made. */
export function noteRegistration(name: string | undefined): void {
  registrations += 1;
  if (name !== undefined) registered.add(name);
}

/** Notes a name that the application may provide for by itself, as tests do. */
export function noteName(name: string): void {
  mentioned.add(name);
}

/** Throws `options_invalid`, with the names there are, where there are registrations but none of this name. */
export function demandKnownName(name: string, wanted: string, wantedBy: string): void {
  if (registrations === 0 || registered.has(name) || mentioned.has(name)) return;
  const names = [...registered].map((known) => `'${known}'`).join(', ');
  const known = names === '' ? 'no registration has a name: leave it out' : `known are ${names}`;
  throw new MindsphereCredentialsError(
    'options_invalid',
    `@InjectCredentials(${wanted}, '${name}') in ${wantedBy} names a registration that does not exist; ${known}.`,
  );
}
