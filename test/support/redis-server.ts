import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** Whether Debian's `redis-server` (or another) is installed here. */
export function isRedisInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What a server and a sentinel print once they serve. */
const READY = /Ready to accept connections|Sentinel ID is/;

/** A Redis of the test's own, on a port of its own, that keeps no data on disk. */
export class RedisServer {
  #process?: ChildProcess;

  private constructor(
    readonly port: number,
    readonly flags: readonly string[],
    readonly configuration?: string,
  ) {}

  /** @param flags of the command `redis-server`, beside its port. */
  static async start(...flags: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), flags);
    await server.start();
    return server;
  }

  /** A sentinel, which keeps its state in the file of its configuration. */
  static async startSentinel(configuration: string): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), ['--sentinel'], configuration);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it where it does not run, empty, and thaws it where it is frozen. */
  async start(): Promise<void> {
    if (this.#isRunning()) return this.thaw();
    const child = spawn('redis-server', this.#arguments, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = child;
    endWithThisProcess(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
      child.stdout.on('data', (output: Buffer) => (READY.test(output.toString()) ? resolve() : undefined));
    });
  }

  get #arguments(): string[] {
    const common = ['--port', String(this.port), '--bind', '127.0.0.1', ...this.flags];
    if (this.configuration !== undefined) return [this.configuration, ...common];
    // Without the last option a replica writes what its master sends into the working directory.
    return ['--save', '', '--appendonly', 'no', '--repl-diskless-load', 'swapdb', ...common];
  }

  async stop(): Promise<void> {
    const child = this.#isRunning() ? this.#process : undefined;
    this.#process = undefined;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // A frozen one hears nothing else.
    child.kill('SIGKILL');
    await ended;
  }

  #isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Should a test fail to stop it. */
function endWithThisProcess(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close((error) => (error === undefined ? resolve(port) : reject(error)));
    });
  });
}
