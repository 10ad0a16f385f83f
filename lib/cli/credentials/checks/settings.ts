import { warningsAtStart } from '../../../config/describe-options.js';
import { ALL_SECTIONS } from '../../../config/sections/module.options.js';
import { MindsphereCredentialsError } from '../../../errors/mindsphere-credentials.error.js';
import type { Platform } from '../../../platform/platform.interface.js';
import { PLATFORMS } from '../../../platform/platforms.js';
import type { Finding } from '../check.js';
import type { Registration } from '../registration.js';

const KNOWN: readonly string[] = ALL_SECTIONS.flatMap(({ options }) =>
  Object.values(options).flatMap(({ variables }) => variables),
);
const PREFIXES = /^(?:MDSP|MINDSPHERE|XCELERATOR)_/i;
/** A name with at most two typing errors is recognized. */
const LARGEST_DISTANCE = 2;
const LONGEST_NAME = 64;

/** How to configure a platform. */
const SWITCHES: Readonly<Record<Platform, string>> = {
  mindsphere: 'Remove MINDSPHERE_PLATFORM=off.',
  xcelerator: 'Set XCELERATOR_CORE_TENANT.',
};

/**
 * Whether the module accepts the configuration, and has the platform that is to be checked; what an application would be
 * warned of at its start; and variables whose names are misspelled.
 */
export function settingsFinding(
  opened: Registration | MindsphereCredentialsError,
  names: readonly string[],
  platform?: Platform,
): Finding {
  const renames = misspelled(names);
  if (opened instanceof MindsphereCredentialsError) {
    return {
      status: 'failure',
      summary: opened.message,
      remedy:
        renames.length > 0 ? `Rename ${renames.join(', ')}.` : 'Correct the options and variables that are named.',
    };
  }
  const { platforms } = opened.options;
  if (platform !== undefined && platforms.every(({ rules }) => rules.platform !== platform)) {
    return {
      status: 'failure',
      summary: `${PLATFORMS[platform].domain} is not configured`,
      remedy: SWITCHES[platform],
    };
  }
  const configured = platforms.flatMap(({ rules, app, tenant }) => [
    ...(app === undefined ? [] : [`app credentials on ${rules.domain}`]),
    ...(tenant === undefined ? [] : [`tenant credentials on ${rules.domain}`]),
  ]);
  const remarks = [...warningsAtStart(opened.options), ...renames.map((name) => `${name}: rename this variable.`)];
  if (configured.length === 0) remarks.push('Set the client id and secret of app or tenant credentials.');
  const summary = configured.length === 0 ? 'no credentials are configured' : configured.join(', ');
  return remarks.length === 0 ? { status: 'ok', summary } : { status: 'warning', summary, remedy: remarks.join(' ') };
}

/** `X (for Y)` for each unknown variable X whose name differs little from a known name Y. */
function misspelled(names: readonly string[]): string[] {
  return names
    .filter((name) => !KNOWN.includes(name) && name.length <= LONGEST_NAME)
    .flatMap((name) => {
      const meant = KNOWN.find((known) => plain(known) === plain(name)) ?? closest(name);
      return meant === undefined ? [] : [`${name} (for ${meant})`];
    });
}

/** The known name that is most similar to a name with a usual prefix. */
function closest(name: string): string | undefined {
  if (!PREFIXES.test(name)) return undefined;
  return KNOWN.find((known) => distance(known, name.toUpperCase()) <= LARGEST_DISTANCE);
}

function plain(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

/** The Levenshtein distance: how many characters to insert, delete or replace. Quadratic, but names are short. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [index, letter] of from.split('').entries()) {
    const next = [index + 1];
    for (let at = 0; at < to.length; at += 1) {
      const replaced = (row[at] ?? 0) + (letter === to[at] ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
