import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EmulatorFault } from '../traffic/fault-queue.js';
import { type Answer, platformError } from './answer.js';

export const JSON_TYPE = 'application/json;charset=UTF-8';

/** Sends an answer. */
export function writeAnswer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  response.statusCode = status;
  const type = typeOf(body);
  if (type !== undefined) response.setHeader('content-type', type);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  response.end(isRaw ? body : JSON.stringify(body));
}

/** The answer that a fault stands for; `undefined` where the usual one follows. */
export function faultAnswer({ status, headers, body, delayMs }: EmulatorFault): Answer | undefined {
  const isDelayOnly = status === undefined && headers === undefined && body === undefined;
  if (isDelayOnly) return delayMs === undefined ? defaultFault(500) : undefined;
  if (body !== undefined || status === undefined || status < 400) return { status: status ?? 200, headers, body };
  return { ...defaultFault(status), headers };
}

/** Waits. Resolves to whether the connection is still there; one that closes takes its timer along. */
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

function typeOf(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return 'application/octet-stream';
  return typeof body === 'string' ? 'text/plain' : JSON_TYPE;
}

function defaultFault(status: number): Answer {
  return platformError(status, 'fault', STATUS_CODES[status] ?? 'Emulated fault');
}
