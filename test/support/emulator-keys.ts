import { existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';

/*
 * Making its keys is nearly all that a start of the emulator costs: processes that specs start get these, as with --keys.
 * They are kept below node_modules/ for the next runs.
 */

const FILE = fileURLToPath(new URL('../../node_modules/.built/emulator-keys.json', import.meta.url));

/** The file with keys for both platforms. */
export async function emulatorKeys(): Promise<string> {
  if (!existsSync(FILE)) {
    const unfinished = `${FILE}.${process.pid}`;
    await (await MindsphereEmulator.start({ xcelerator: true, keysFile: unfinished })).close();
    renameSync(unfinished, FILE);
  }
  return FILE;
}
