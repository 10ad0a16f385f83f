/** A start option, or an argument of a method, that the emulator cannot work with. */
export class EmulatorOptionError extends TypeError {
  override readonly name = 'EmulatorOptionError';

  /**
   * @param option path of the option, such as `app.hostTenant`
   * @param problem what is wrong with it, as the rest of a sentence that begins with the option
   */
  constructor(
    readonly option: string,
    readonly problem: string,
  ) {
    super(`${option} ${problem}`);
  }
}
