// The benchmark: `cargo xtask bench` prepares what this needs and starts it.
//
// One run, one machine, one harness: every Worker stands in a local runtime of its own, and wrk loads them in turns.
// Arguments: the seconds each Worker is loaded, a second at a time, figures being the medians; the folder of a fresh local
// database; `--direct` to load the runtime's own socket, without the simulator's front in between; `--entropy` to measure
// what providers that hang cost instead, `--policies` what rules cost, `--against FOLDER` what this build costs beside another, `--traces SHARE` what tracing costs, `--rooms` where
// the time of a call goes.
import { bundleSize, startUp } from "./bundle.mjs";
import { compareProviders } from "./entropy.mjs";
import { startGateway } from "./gateway.mjs";
import { load } from "./load.mjs";
import { startListening } from "./processes.mjs";
import { heading, row } from "./table.mjs";
import { compareBuilds, comparePolicies, compareTraces } from "./turns.mjs";
import { emptyRust, emptyScript, start } from "./workers.mjs";

const CONNECTIONS = [1, 16, 64];
const [turns, state] = [Number(process.argv[2]), process.argv[3]];
const direct = process.argv.includes("--direct");
/** What is said after one of the arguments. */
const after = (name) => process.argv[process.argv.indexOf(name) + 1 || process.argv.length];
const [other, share] = [after("--against"), after("--traces")];

/** What an empty Worker is asked: the same request, byte for byte but for its target, so that it reads and sends the same. */
const same = (call, { url }, path = "") => ({ ...call, url: `${url}${path}`, expect: path.startsWith("/fetch") ? call.expect : '"ok":true' });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The medians of some short runs. */
const middle = (runs) =>
  Object.fromEntries(Object.keys(runs[0]).map((figure) => [figure, median(runs.map((run) => run[figure]))]));

/** Loads the targets in turns, so that whatever else the machine does is fair to all. */
async function measure(targets) {
  for (const connections of CONNECTIONS) {
    for (const target of targets) await load(target, connections, 1);
    const runs = targets.map(() => []);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const [index, target] of targets.entries()) runs[index].push(await load(target, connections, 1));
    }
    const results = runs.map(middle);
    const rates = new Map(targets.map(({ name }, index) => [name, results[index].perSecond]));
    console.log(heading(connections));
    for (const [index, target] of targets.entries()) console.log(row(target, results[index], rates));
  }
}

async function main() {
  const upstream = await startListening("bench/upstream.mjs");
  const script = await start(emptyScript(upstream), direct);
  const rust = await start(emptyRust(upstream), direct);
  const gateway = await startGateway(state, upstream, direct);
  const { local, unruled, ruled, relaxed, proxied } = gateway;
  // A gateway's call is on record and in the log before its answer leaves; so is that of the empty Workers it is held against.
  const record = "on record";
  await measure([
    { name: "JavaScript, nothing", ...script, ...same(local, script) },
    { name: "Rust, nothing", ...rust, ...same(local, rust), baselines: ["JavaScript, nothing"] },
    { name: `JavaScript, ${record}`, ...script, ...same(local, script, "/record") },
    { name: `Rust, ${record}`, ...rust, ...same(local, rust, "/record"), baselines: [`JavaScript, ${record}`] },
    { name: "local tool call", ...gateway, ...local, baselines: [`JavaScript, ${record}`, `Rust, ${record}`] },
    { name: "the same, team without rules", ...gateway, ...unruled, baselines: ["local tool call"] },
    { name: "the same team, 100 rules", ...gateway, ...ruled, baselines: ["the same, team without rules"] },
    { name: "the same, recorded after", ...gateway, ...relaxed, baselines: ["JavaScript, nothing", "Rust, nothing"] },
    { name: "JavaScript, fetch", ...script, ...same(proxied, script, "/fetch") },
    { name: "Rust, fetch", ...rust, ...same(proxied, rust, "/fetch"), baselines: ["JavaScript, fetch"] },
    { name: `JavaScript, fetch, ${record}`, ...script, ...same(proxied, script, "/fetch/record") },
    { name: `Rust, fetch, ${record}`, ...rust, ...same(proxied, rust, "/fetch/record") },
    { name: "proxied tool call", ...gateway, ...proxied, baselines: [`JavaScript, fetch, ${record}`, `Rust, fetch, ${record}`] },
  ]);
  for (const { miniflare } of [script, rust, gateway]) await miniflare.dispose();
  console.log(`\nBundle: ${bundleSize("build")} (empty Rust: ${bundleSize("target/bench/empty-worker")})`);
  console.log(await startUp(upstream));
}

try {
  if (process.argv.includes("--entropy")) await compareProviders(state, turns);
  else if (process.argv.includes("--policies")) await comparePolicies(state, turns, direct);
  else if (process.argv.includes("--rooms")) await (await import("./rooms.mjs")).profileRooms(state, turns, direct);
  else if (share) await compareTraces(state, turns, direct, share);
  else if (other) await compareBuilds(state, turns, direct, other);
  else await main();
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
