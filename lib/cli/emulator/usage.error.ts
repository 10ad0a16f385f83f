/** Wrong arguments; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(`${message} (--help says more)`);
  }
}
