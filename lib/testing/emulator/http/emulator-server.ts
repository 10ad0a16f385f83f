import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type UpgradeHandler = (message: IncomingMessage, socket: Duplex, head: Buffer) => void;
type Handler = (message: IncomingMessage, response: ServerResponse) => Promise<void>;

/** An HTTP server that can be closed while answers are delayed. */
export class EmulatorServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closed: Promise<void> | undefined;

  constructor(handle: Handler) {
    // Reading fails where the client closes the connection. Then no answer can be sent.
    this.#server = createServer((message, response) => {
      handle(message, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => this.#track(socket));
  }

  /** The port it listens on; 0 while it does not. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Starts to listen, on a port that no worker of a cluster shares; rejects with Node's error, such as `EADDRINUSE`. */
  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, exclusive: true }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Handles requests to upgrade the connection. Without a handler, Node treats them like any other request. */
  onUpgrade(handle: UpgradeHandler): void {
    this.#server.on('upgrade', handle);
  }

  /** Stops listening and destroys every connection. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
