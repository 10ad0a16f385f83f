import type { EmulatorSettings } from '../options/emulator-options.interface.js';

const CUT = '***';
const SECRET_HEADER = /authorization|auth-key|cookie|secret|token/i;
const SECRET_NAME = /secret|password|token|assertion|context/i;
/** A field of a query or a form. The name is looked at on its own, so that the scan stays linear. */
const FIELD = /([?&]|^)([^=&?]*)=([^&]*)/g;
/** A string member of a JSON object. */
const MEMBER = /"([^"\\]*)"(\s*:\s*)"(?:[^"\\]|\\.)*"/g;
/** What may be a token: every word of such letters is looked at once. */
const WORD = /[\w.-]+/g;
/** How the header of every JWT begins: `{"` in base64url. */
const JWT_START = 'eyJ';

/** Replaces secrets in recorded requests. */
export class SecretCutter {
  readonly #secrets: readonly string[];

  constructor({ platforms }: EmulatorSettings) {
    const secrets = platforms.flatMap(({ app, technicalUsers }) => [
      app.keyStoreClientSecret,
      ...technicalUsers.map((user) => user.clientSecret),
    ]);
    this.#secrets = [...new Set(secrets)];
  }

  /** All values of a header, joined; of credentials only the scheme is left. */
  header(name: string, values: readonly string[]): string {
    return values.map((value) => (SECRET_HEADER.test(name) ? cutCredentials(value) : this.cut(value))).join(', ');
  }

  /** A string without secrets: neither known ones, nor tokens, nor values with a name such as `password`. */
  cut(value: string): string {
    const named = value
      .replace(FIELD, (whole, before: string, field: string) => (isSecret(field) ? `${before}${field}=${CUT}` : whole))
      .replace(MEMBER, (whole, member: string, colon: string) =>
        isSecret(member) ? `"${member}"${colon}"${CUT}"` : whole,
      )
      .replace(WORD, cutJwt);
    return this.#secrets.reduce((left, secret) => left.replaceAll(secret, CUT), named);
  }
}

function isSecret(name: string): boolean {
  return SECRET_NAME.test(name) && !name.endsWith('_type');
}

/** A word without the token in it, and without what follows that. */
function cutJwt(word: string): string {
  const start = word.indexOf(JWT_START);
  return start >= 0 && word.includes('.', start) ? `${word.slice(0, start)}${CUT}` : word;
}

function cutCredentials(value: string): string {
  const [scheme] = /^(?:basic|bearer)(?= )/i.exec(value) ?? [];
  return scheme ? `${scheme} ${CUT}` : CUT;
}
