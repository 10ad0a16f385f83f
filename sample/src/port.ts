/** A port from the environment; 0 is any free one. */
export function portFrom(variable: string, byDefault: number): number {
  const port = Number(process.env[variable] || byDefault);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${variable} must be a port, 0 to 65535.`);
}
