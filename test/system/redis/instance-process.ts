import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('instance.mjs', import.meta.url));

/** How an instance reaches Redis: one server, or the ports of a cluster or of sentinels, on this machine. */
export interface Connection {
  readonly client: 'redis' | 'ioredis';
  readonly port?: number;
  readonly cluster?: readonly number[];
  readonly sentinels?: readonly number[];
}

export interface ReceivedToken {
  readonly tenant: string;
  readonly value: string;
  readonly ms: number;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly unhandled?: string;
}

/** An instance of the application in a process of its own. */
export class InstanceProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  private constructor(library: string, connection: Connection, options: object) {
    this.#child = fork(SCRIPT, [library, JSON.stringify(connection), JSON.stringify(options)]);
    this.#child.on('message', (answer: Answer) => this.#receive(answer));
    this.#child.on('exit', (code, signal) => this.#endAll(new Error(`the process ended: ${signal ?? code}`)));
  }

  static async start(library: string, connection: Connection, options: object): Promise<InstanceProcess> {
    const instance = new InstanceProcess(library, connection, options);
    await instance.#answer(0);
    return instance;
  }

  /** `request` takes the place of the options that all registrations of this process have. */
  register(name: string, encryptionKeys: readonly string[], lock = true, request?: object): Promise<void> {
    return this.#ask('start', { name, encryptionKeys, lock, request });
  }

  tokens(name: string, tenants: readonly string[]): Promise<ReceivedToken[]> {
    return this.#ask('tokens', { name, tenants });
  }

  /** The types of its events so far. */
  events(name: string): Promise<string[]> {
    return this.#ask('events', { name });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #ask<T>(action: string, details: object): Promise<T> {
    const id = ++this.#lastId;
    const answer = this.#answer<T>(id);
    this.#child.send({ id, action, ...details });
    return answer;
  }

  #answer<T>(id: number): Promise<T> {
    return new Promise<T>((resolve, reject) => void this.#waiting.set(id, { resolve, reject }));
  }

  #receive({ id = -1, result, error, unhandled }: Answer): void {
    if (unhandled !== undefined) return this.#endAll(new Error(`unhandled rejection: ${unhandled}`));
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) return waiting?.resolve(result as never);
    return waiting?.reject(new Error(error));
  }

  #endAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
