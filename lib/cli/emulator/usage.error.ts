/** Arguments that the command cannot do with; one line says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(`${message} (--help says more)`);
  }
}
