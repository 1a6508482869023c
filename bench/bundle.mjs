// What a Worker weighs, and how long it takes to start.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { bareGateway, services } from "./gateway.mjs";
import { carried, emptyRust, emptyScript, evaluated, start } from "./workers.mjs";

const ROUNDS = 21;

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

/** The medians of the times to a first answer, the kinds in turns, so that a busy machine is fair to all. */
async function firstAnswers(kinds) {
  const took = Object.keys(kinds).map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, kind] of Object.values(kinds).entries()) took[at].push(await firstAnswer(kind()));
  }
  return Object.fromEntries(Object.keys(kinds).map((name, at) => [name, median(took[at])]));
}

/**
 * What compiling the Worker and evaluating its global scope takes, which is what the platform calls its start-up: beyond a Worker
 * that carries the same bytes. And what the first answer of all takes, with every service beside it, beyond the empty Worker's.
 */
export async function startUp(upstream) {
  const [gateway, rust] = ["build", "target/bench/empty-worker"];
  const took = await firstAnswers({
    carried: () => carried(gateway),
    evaluated: () => evaluated(gateway),
    carriedRust: () => carried(rust),
    evaluatedRust: () => evaluated(rust),
    empty: () => ({ ...emptyScript(upstream), ...services }),
    emptyRust: () => ({ ...emptyRust(upstream), ...services }),
    gateway: bareGateway,
  });
  const more = (one, other) => `${(took[one] - took[other]).toFixed(0)} ms`;
  return (
    `Start-up, which is compiling and evaluating: gateway ${more("evaluated", "carried")}, empty Rust ${more("evaluatedRust", "carriedRust")}\n` +
    `A new runtime's first answer, beyond that of an empty JavaScript Worker (${took.empty.toFixed(0)} ms): ` +
    `gateway ${more("gateway", "empty")}, empty Rust ${more("emptyRust", "empty")}; medians of ${ROUNDS}`
  );
}
