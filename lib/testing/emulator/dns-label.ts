const DNS_LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/** Whether a text is one DNS label, as every tenant's name has to be. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}
