// What the clients of this folder share: one JSON value a line, out to the test and in from it.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tells the test something. */
export const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Has a person go to a URL: where they arrived. */
export async function visit(url) {
  tell({ visit: String(url) });
  return new URL(JSON.parse((await lines.next()).value));
}
