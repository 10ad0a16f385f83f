import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Answer, platformError } from './answer.js';
import type { EmulatorFault } from './fault-queue.js';

/** Sends an answer. */
export function writeAnswer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.statusCode = status;
  if (text !== undefined) response.setHeader('content-type', typeof body === 'string' ? 'text/plain' : JSON_TYPE);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

/** The answer that a fault stands for; `undefined` where the usual one follows. */
export function faultAnswer({ status, headers, body, delayMs }: EmulatorFault): Answer | undefined {
  const isDelayOnly = status === undefined && headers === undefined && body === undefined;
  if (isDelayOnly) return delayMs === undefined ? defaultFault(500) : undefined;
  if (body !== undefined || status === undefined || status < 400) return { status: status ?? 200, headers, body };
  return { ...defaultFault(status), headers };
}

/** Waits; tells whether the connection is still there. A connection that goes takes its timer along. */
export function hold(socket: Socket, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(false);
    const leave = () => finish(false);
    const timer = setTimeout(() => finish(true), delayMs);
    const finish = (isConnected: boolean) => {
      clearTimeout(timer);
      socket.off('close', leave);
      resolve(isConnected);
    };
    socket.once('close', leave);
  });
}

const JSON_TYPE = 'application/json;charset=UTF-8';

function defaultFault(status: number): Answer {
  return platformError(status, 'fault', STATUS_CODES[status] ?? 'Emulated fault');
}
