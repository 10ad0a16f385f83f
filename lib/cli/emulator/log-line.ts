import type { RecordedRequest } from '../../testing/emulator/traffic/recorded-request.interface.js';

const LONGEST_PATH = 300;
/** What a terminal would not print as one plain character. */
const UNPRINTABLE = /[^\x20-\x7e]/g;

/** One line about a request that is over: time, method, path, status, duration, and what of the emulator it was for. */
export function logLine({
  receivedAt,
  method,
  path,
  status,
  durationMs = 0,
  platform,
  endpoint,
}: RecordedRequest): string {
  const time = receivedAt.toISOString().slice(11, 23);
  const shown = path.replace(UNPRINTABLE, '?');
  const short = shown.length > LONGEST_PATH ? `${shown.slice(0, LONGEST_PATH)}...` : shown;
  return `${time} ${method} ${short} ${status ?? 'no answer'} ${durationMs} ms (${platform} ${endpoint})\n`;
}
