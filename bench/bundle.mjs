// What a Worker weighs, and how long it takes to start.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { bareGateway, services } from "./gateway.mjs";
import { emptyRust, emptyScript, start } from "./workers.mjs";

const ROUNDS = 9;

/** The size of what is uploaded, compressed and not. */
export function bundleSize(folder) {
  const files = ["index.js", "index_bg.wasm"].map((name) => readFileSync(`${folder}/${name}`));
  const kilobytes = (sizes) => (sizes.reduce((sum, size) => sum + size, 0) / 1000).toFixed(0);
  return `${kilobytes(files.map((file) => gzipSync(file).length))} KB gzip, ${kilobytes(files.map((file) => file.length))} KB`;
}

/** Milliseconds from starting a runtime to the first answer of the Worker in it. */
async function firstAnswer(options) {
  const began = performance.now();
  const { miniflare, url } = await start(options, false);
  const answer = await fetch(`${url}/health/live`);
  await answer.text();
  const took = performance.now() - began;
  await miniflare.dispose();
  if (answer.status !== 200) throw new Error(`a fresh Worker answered ${answer.status}`);
  return took;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * A new runtime's first answer, against the empty JavaScript Worker's. All have the same services beside them, which take
 * most of the time; in turns, so that a busy machine is fair to all.
 */
export async function startUp(upstream) {
  const kinds = {
    empty: () => ({ ...emptyScript(upstream), ...services }),
    rust: () => ({ ...emptyRust(upstream), ...services }),
    gateway: bareGateway,
  };
  const took = { empty: [], rust: [], gateway: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of Object.keys(kinds)) took[kind].push(await firstAnswer(kinds[kind]()));
  }
  const more = (kind) => (median(took[kind]) - median(took.empty)).toFixed(0);
  return (
    `Start-up, as the time a new runtime takes to its first answer beyond that of an empty JavaScript Worker ` +
    `(${median(took.empty).toFixed(0)} ms; medians of ${ROUNDS}): gateway ${more("gateway")} ms, empty Rust ${more("rust")} ms`
  );
}
